// wire-ends.ts: the two ends that bench/wire.ts times: Shoal's transport, and a bare `ws` with the same options. They measure nothing.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import type { Identity } from '../cluster/certificate.ts';
import { FRAME_BYTES } from '../cluster/frame.ts';
import type { Bulk } from '../cluster/messages.ts';
import { slicesOf } from '../cluster/protocol.ts';
import { connect, createListener } from '../cluster/transport.ts';

export interface WireConfig {
  readonly name: 'unmasked' | 'masked' | 'TLS';
  readonly unmasked: boolean;
  readonly tls: Identity | null;
}

/** Where the vectors go to, and come from. */
export interface Far {
  readonly url: string;
  close(): Promise<void>;
}
/** Settles when the vector has been received whole, at the other end or at this. */
export interface Near {
  push(vector: Float32Array): Promise<void>;
  pull(elements: number): Promise<void>;
  close(): Promise<void>;
}

const TOKEN = 'of-no-use-to-anyone';
const SLICE = 2 * 2 ** 20;
const WINDOW = 16 * 2 ** 20;
const term = 1;
const node = { level: 0, index: 0 };

/** Of the far ends: what is pulled. */
let held = new Float32Array(0);
function source(elements: number): Float32Array {
  if (held.length !== elements) held = new Float32Array(elements).fill(0.1);
  return held;
}

function bulksOf(type: 'push' | 'params', values: Float32Array): Bulk[] {
  const range = { from: 0, to: values.length };
  const what = { type, term, step: 0, node: type === 'push' ? node : null, vector: 0, range };
  return [...slicesOf(values, range, SLICE)].map((slice) => ({ ...what, ...slice }));
}

/** Sees each slice of one vector after another; true with the last of each. */
function counter(): (bulk: Bulk) => boolean {
  let received = 0;
  return (bulk) => {
    received += bulk.values.length;
    if (received < bulk.range.to) return false;
    received = 0;
    return true;
  };
}

export async function shoalFar({ tls }: WireConfig): Promise<Far> {
  const listener = await createListener({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    ...(tls && { tls }),
    onPeer(_, connection) {
      const whole = counter();
      return {
        message(message) {
          if (message.type !== 'dump') return;
          for (const bulk of bulksOf('params', source(message.version))) connection.sendBulk(bulk).catch(() => {});
        },
        bulk(bulk) {
          if (whole(bulk)) connection.send({ type: 'ack', term, step: 0, node });
        },
        close() {},
      };
    },
  });
  return listener;
}

export async function shoalNear(url: string, { unmasked, tls }: WireConfig): Promise<Near> {
  let arrived = (): void => {};
  const whole = counter();
  const connection = await connect({
    url,
    token: TOKEN,
    unmasked,
    ...(tls && { tls: { ca: tls.cert } }),
    handlers: {
      message: () => arrived(),
      bulk: (bulk) => void (whole(bulk) && arrived()),
      close() {},
    },
  });
  const arrival = (): Promise<void> =>
    new Promise((resolve) => {
      arrived = resolve;
    });
  connection.send({ type: 'attach', peer: { role: 'worker', name: 'bench', incarnation: '1' }, term, pair: 0 });
  return {
    async push(vector) {
      const acked = arrival();
      await Promise.all(bulksOf('push', vector).map((bulk) => connection.sendBulk(bulk)));
      await acked;
    },
    async pull(elements) {
      const got = arrival();
      connection.send({ type: 'dump', term, version: elements });
      await got;
    },
    close: () => connection.close(),
  };
}

const limits = { perMessageDeflate: false, maxPayload: FRAME_BYTES } as const;

/** Sends a vector in slices, not more than a window ahead of the system. */
async function stream(ws: WebSocket, vector: Float32Array): Promise<void> {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  let sent = Promise.resolve();
  for (let at = 0; at < bytes.length; at += SLICE) {
    const done = new Promise<void>((resolve) => ws.send(bytes.subarray(at, at + SLICE), () => resolve()));
    if (ws.bufferedAmount > WINDOW - SLICE) await done;
    sent = done;
  }
  await sent;
}

export async function bareFar({ tls }: WireConfig): Promise<Far> {
  const server = tls ? createTlsServer({ ...tls, minVersion: 'TLSv1.3' }) : createServer();
  const wss = new WebSocketServer({ server, ...limits });
  wss.on('connection', (ws) => {
    let expected = 0;
    ws.on('message', (data: Buffer, binary) => {
      if (binary) {
        expected -= data.length;
        if (expected === 0) ws.send('ack');
        return;
      }
      const [what, elements] = String(data).split(' ') as ['push' | 'pull', string];
      if (what === 'push') expected = 4 * Number(elements);
      else void stream(ws, source(Number(elements)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const ws of wss.clients) ws.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function bareNear(url: string, { unmasked, tls }: WireConfig): Promise<Near> {
  const options: ClientOptions = {
    ...limits,
    ...(unmasked && { generateMask: (mask) => void mask.fill(0) }),
    ...(tls && { ca: tls.cert }),
  };
  const ws = new WebSocket(url, options);
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject));
  let left = 0;
  let arrived = (): void => {};
  ws.on('message', (data: Buffer, binary) => {
    if (binary) left -= data.length;
    if (!binary || left === 0) arrived();
  });
  const arrival = (): Promise<void> =>
    new Promise((resolve) => {
      arrived = resolve;
    });
  return {
    async push(vector) {
      const acked = arrival();
      ws.send(`push ${vector.length}`);
      await stream(ws, vector);
      await acked;
    },
    async pull(elements) {
      const got = arrival();
      left = 4 * elements;
      ws.send(`pull ${elements}`);
      await got;
    },
    async close() {
      const closed = new Promise((resolve) => ws.on('close', resolve));
      ws.close();
      await closed;
    },
  };
}
