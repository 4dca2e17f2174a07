// raw.ts: a WebSocket client of bytes, for those that do not keep the rules: nothing of `ws` or of Shoal's transport is in it.
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { later, TOKEN } from './ends.ts';

/** An upgraded socket. */
export async function rawUpgrade(url: string, token: string = TOKEN): Promise<Socket> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const asked = request(`${url.replace(/^ws/, 'http')}/wire`, {
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    asked.on('upgrade', (_, upgraded: Socket) => resolve(upgraded));
    asked.on('response', (response) => reject(new Error(`status ${response.statusCode}`)));
    asked.on('error', reject).end();
  });
  socket.on('error', () => {});
  later(() => socket.destroy());
  return socket;
}

/** One WebSocket frame, masked with zeros. `claim`: the length that its header says. */
export function rawFrame(
  payload: Uint8Array,
  { opcode = 2, fin = true, claim = payload.length }: { opcode?: number; fin?: boolean; claim?: number } = {},
): Buffer {
  const head = Buffer.alloc(14);
  head[0] = opcode | (fin ? 0x80 : 0);
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(claim), 2);
  return Buffer.concat([head, payload]);
}

/** Resolves with everything that came when the socket has closed. */
export function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks))));
}

/** The code of the WebSocket close frame that these bytes end with. */
export const closeCode = (bytes: Buffer): number => {
  const at = bytes.lastIndexOf(0x88);
  return at < 0 ? 0 : bytes.readUInt16BE(at + 2);
};
