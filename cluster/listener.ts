// listener.ts: one HTTP server: plain GETs, and upgrades to connections for those who have the token. Not the connections.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { hostOf, inUrl, isLoopback, refuseInsecure } from './address.ts';
import { manage } from './connection.ts';
import { FRAME_BYTES } from './frame.ts';
import { MAX_CHUNKS, MAX_FRAGMENTS, WIRE_LIMITS, type WireLimits } from './limits.ts';
import { carries, usable } from './token.ts';
import type { Connection, Listener, ListenerTls, ListenOptions } from './transport.ts';
import { brief, type WireCode, wireError } from './wire-error.ts';

/** Where connections are upgraded. */
export const WIRE_PATH = '/wire';
const STATUS = { 401: 'Unauthorized', 404: 'Not Found', 405: 'Method Not Allowed', 500: 'Internal Server Error' };

/**
 * Listens for peers. Resolves when the port is open.
 * @throws SHOAL_WIRE_INSECURE beyond loopback without TLS; SHOAL_WIRE_TOKEN for an unusable token; SHOAL_WIRE_CERTIFICATE for an
 * unusable certificate; SHOAL_WIRE_CONNECT when the port cannot be had
 */
export async function createListener(options: ListenOptions): Promise<Listener> {
  const { host, token, tls, onPeer, onRefused } = options;
  const limits: WireLimits = { ...WIRE_LIMITS, ...options.limits };
  const operation = `listen on ${inUrl(host)}:${options.port}`;
  refuseInsecure(operation, host, tls !== undefined || options.insecure === true);
  usable(token, operation);

  const live = new Set<Connection>();
  const perAddress = new Map<string, number>();
  let sockets = 0;

  const refused = (code: WireCode, address: string, got: string, expected: string): void =>
    onRefused?.(wireError(code, `let ${address} in`, got, expected, 'It has been turned away.'), address);

  const server = makeServer(tls, limits, operation);
  server.maxConnections = limits.connections;
  server.maxHeadersCount = 64;
  server.timeout = limits.stallMs; // of a plain response; ws clears it
  const upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    skipUTF8Validation: true, // text is refused anyway
    maxPayload: FRAME_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    ...{ closeTimeout: limits.closeMs }, // not in the types of ws 8.18
  });

  server.on('drop', (dropped) => {
    const address = dropped?.remoteAddress ?? 'unknown';
    refused('SHOAL_WIRE_LIMIT', address, `${limits.connections} connections already`, 'a free one');
  });
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? 'unknown';
    const count = (perAddress.get(address) ?? 0) + 1;
    sockets++;
    perAddress.set(address, count);
    socket.once('close', () => {
      sockets--;
      const left = perAddress.get(address)! - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    if (count <= limits.perAddress) return;
    socket.destroy();
    refused('SHOAL_WIRE_LIMIT', address, `${count} connections of that address`, `at most ${limits.perAddress}`);
  });

  // Node looks for late headers now and then; who has not asked for anything yet gets no such grace.
  const impatient = new WeakMap<Duplex, NodeJS.Timeout>();
  const told = new WeakSet<Duplex>();
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const timer = setTimeout(() => {
      told.add(socket);
      socket.destroy();
      const address = socket.remoteAddress ?? 'unknown';
      refused('SHOAL_WIRE_TIMEOUT', address, 'no request', `one within ${limits.handshakeMs} ms`);
    }, limits.handshakeMs);
    impatient.set(socket, timer);
    socket.once('close', () => clearTimeout(timer));
  });

  // Of TLS handshakes too. Node's own look for late headers may come before our timer, and is alone after a first request.
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    socket.destroy();
    if (told.has(socket)) return;
    clearTimeout(impatient.get(socket));
    const late = /TIMEOUT/.test(error.code ?? '');
    const expected = late ? `a request within ${limits.handshakeMs} ms` : 'a request over HTTP';
    refused(
      late ? 'SHOAL_WIRE_TIMEOUT' : 'SHOAL_WIRE_CONNECT',
      socket.remoteAddress ?? 'unknown',
      brief(error.message.trim()), // OpenSSL ends its own with a line break
      expected,
    );
  });

  server.on('request', (request, response) => {
    clearTimeout(impatient.get(request.socket));
    void answer(request, response, options);
  });

  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    clearTimeout(impatient.get(socket));
    const address = socket.remoteAddress ?? 'unknown';
    if (!carries(request.headers.authorization, token)) {
      refused('SHOAL_WIRE_TOKEN', address, request.headers.authorization ? 'another token' : 'no token', "the run's");
      return turnAway(socket, 401);
    }
    if (pathOf(request) !== WIRE_PATH) {
      refused('SHOAL_WIRE_PATH', address, 'another path', WIRE_PATH);
      return turnAway(socket, 404);
    }
    upgrades.handleUpgrade(request, socket, head, (ws) => welcome(ws, socket));
  });

  function welcome(ws: WebSocket, socket: Socket): void {
    ws.binaryType = 'fragments';
    const connection = manage(ws, {
      socket,
      limits,
      handlers: onPeer,
      onGone(reason, greeted) {
        live.delete(connection);
        if (!greeted && reason !== null) onRefused?.(reason, connection.address);
      },
    });
    live.add(connection);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(wireError('SHOAL_WIRE_CONNECT', operation, error.message, 'a free port', 'Choose another.', error)),
    );
    server.listen({ host, port: options.port }, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    host,
    port,
    url: `${tls === undefined ? 'ws' : 'wss'}://${inUrl(host)}:${port}`,
    get connections() {
      return sockets;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...live].map((connection) => connection.close()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function makeServer(tls: ListenerTls | undefined, limits: WireLimits, operation: string): Server {
  const times = {
    headersTimeout: limits.handshakeMs,
    requestTimeout: limits.handshakeMs,
    connectionsCheckingInterval: limits.handshakeMs,
    maxHeaderSize: 8192,
  };
  if (tls === undefined) return createServer(times);
  const { cert, key, clientCa } = tls;
  const mutual = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  try {
    return createTlsServer({
      ...times,
      cert,
      key,
      ...mutual,
      minVersion: 'TLSv1.3',
      handshakeTimeout: limits.handshakeMs,
    });
  } catch (error) {
    const expected = 'a certificate and its key as PEM';
    throw wireError('SHOAL_WIRE_CERTIFICATE', operation, String(error), expected, 'Do the two belong together?', error);
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0]!;

interface Asker {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: { readonly host?: string | undefined };
}

/** From this machine, and meant for it: a page of the web whose name leads here names itself. */
export const isLocal = ({ socket, headers }: Asker): boolean =>
  isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, '')) && isLoopback(hostOf(headers.host ?? ''));

async function answer(request: IncomingMessage, response: ServerResponse, options: ListenOptions): Promise<void> {
  const route = `/${pathOf(request).split('/')[1] ?? ''}`;
  const local = options.localRoutes?.get(route);
  const known = carries(request.headers.authorization, options.token);
  if (!known && !(local !== undefined && isLocal(request))) return refuse(response, 401);
  const handler = local ?? options.routes?.get(route);
  if (handler === undefined) return refuse(response, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  try {
    await handler(request, response);
  } catch {
    if (response.headersSent) response.destroy();
    else refuse(response, 500);
  }
}

function refuse(response: ServerResponse, status: keyof typeof STATUS): void {
  response.writeHead(status, { connection: 'close', 'content-type': 'text/plain' });
  response.end(`${STATUS[status]}\n`);
}

function turnAway(socket: Socket, status: keyof typeof STATUS): void {
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
