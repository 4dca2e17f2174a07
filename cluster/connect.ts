// connect.ts: the way in from the other side: dials a listener and hands over an open connection. It does not dial twice.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ShoalError } from '../base/errors.ts';
import { addressOf, isLoopback, refuseInsecure } from './address.ts';
import { manage } from './connection.ts';
import { FRAME_BYTES } from './frame.ts';
import { MAX_CHUNKS, MAX_FRAGMENTS, WIRE_LIMITS, type WireLimits } from './limits.ts';
import { WIRE_PATH } from './listener.ts';
import { bearer, usable } from './token.ts';
import type { Connection, ConnectOptions } from './transport.ts';
import { type WireCode, wireError } from './wire-error.ts';

/**
 * Connects to a listener. Its handlers are called from then on; the first message to send is hello or attach.
 * Frames are masked with zeros over TLS and loopback, else with ws's random masks (quick where `bufferutil` is installed).
 * @throws SHOAL_WIRE_TOKEN when it does not let us in, _PATH when it serves none, _TIMEOUT, _INSECURE, _CONNECT for all else
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const limits: WireLimits = { ...WIRE_LIMITS, ...options.limits };
  const url = addressOf(options.url);
  url.pathname = WIRE_PATH;
  const operation = `connect to ${url.origin}`;
  const secure = url.protocol === 'wss:';
  refuseInsecure(operation, url.hostname, secure || options.insecure === true);
  usable(options.token, operation);
  const failure = (code: WireCode, got: string, expected: string, hint: string, cause?: unknown): ShoalError =>
    wireError(code, operation, got, expected, hint, cause);

  const ws = new WebSocket(url, {
    headers: { authorization: bearer(options.token) },
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: FRAME_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    ...{ closeTimeout: limits.closeMs }, // not in the types of ws 8.18
    ...((options.unmasked ?? (secure || isLoopback(url.hostname))) && { generateMask: (mask) => void mask.fill(0) }),
    ...(secure && { ...options.tls, minVersion: 'TLSv1.3' }),
  });
  ws.binaryType = 'fragments';

  return await new Promise<Connection>((resolve, reject) => {
    let socket: Socket;
    const give = (error: ShoalError): void => {
      settle();
      ws.on('error', () => {}); // of terminate
      ws.terminate();
      reject(error);
    };
    const late = (): void =>
      give(failure('SHOAL_WIRE_TIMEOUT', 'no answer', `one within ${limits.handshakeMs} ms`, 'Is it overloaded?'));
    const aborted = (): void => give(failure('SHOAL_WIRE_CLOSED', 'an abort', 'an answer', 'It was asked to stop.'));
    const timer = setTimeout(late, limits.handshakeMs);
    options.signal?.addEventListener('abort', aborted, { once: true });
    function settle(): void {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', aborted);
      ws.removeAllListeners();
    }
    ws.on('upgrade', (response: IncomingMessage) => {
      socket = response.socket;
    });
    ws.on('unexpected-response', (_, response: IncomingMessage) => {
      const status = response.statusCode;
      const got = `HTTP status ${status}`;
      if (status === 401)
        give(failure('SHOAL_WIRE_TOKEN', got, 'the right token', 'Set SHOAL_TOKEN, or name its file.'));
      else
        give(failure(status === 404 ? 'SHOAL_WIRE_PATH' : 'SHOAL_WIRE_CONNECT', got, '101', 'Is it a Shoal listener?'));
    });
    ws.on('error', (error) => {
      const hint = secure ? 'Does it listen there, with a certificate we trust?' : 'Does it listen there, without TLS?';
      give(failure('SHOAL_WIRE_CONNECT', error.message, 'a listener of Shoal', hint, error));
    });
    ws.on('open', () => {
      settle();
      resolve(manage(ws, { socket, limits, handlers: options.handlers }));
    });
    if (options.signal?.aborted) aborted();
  });
}
