// attack.ts: what tests of misbehaving peers share: a proxy in front of a house, someone who must not notice, sockets that dribble. No test.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { encodeMessage } from '../../../cluster/protocol.ts';
import { startProxy } from '../../support/proxy.ts';
import { enter, type House, later } from './ends.ts';
import { BULKS, MESSAGES } from './examples.ts';
import { rawFrame, rest } from './raw.ts';

export const stamp = (seq: number) => ({ seq, priority: 0 });
/** A first message. */
export const hello = () => rawFrame(encodeMessage(MESSAGES.hello, stamp(0)));

/** A proxy in front of a house, and its address. */
export async function throughProxy(house: House) {
  const proxy = await startProxy({ port: house.listener.port });
  later(() => proxy.close());
  return { proxy, url: `ws://127.0.0.1:${proxy.port}` };
}

/** Someone who must not notice anything: `check` has a message and a bulk carried there and back. */
export async function bystander(house: House) {
  const { connection, seen, guest } = await enter(house);
  return {
    connection,
    async check() {
      connection.send(MESSAGES.ping);
      guest.connection.send(MESSAGES.pong);
      await Promise.all([connection.sendBulk(BULKS.push), guest.connection.sendBulk(BULKS.params)]);
      await Promise.all([guest.seen.messages, seen.messages, guest.seen.bulks, seen.bulks].map((it) => it.next()));
    },
  };
}

/** Writes a byte every 5 ms until it is cut off. */
export async function dribble(socket: Socket, bytes: Uint8Array): Promise<number> {
  const since = performance.now();
  const closed = rest(socket);
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 5);
  await closed;
  clearInterval(timer);
  assert.ok(at < bytes.length, 'was not cut off');
  return performance.now() - since;
}

/** What comes first; rejects when the socket closes before that. */
export function answered(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(String(chunk)));
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

/** The same for a house with a short deadline of handshakes, which a slow machine may miss. */
export async function punctual<T>(act: () => T | Promise<T>, house: House): Promise<T> {
  const done = await eventually(act);
  while (house.refused.length > 0) await house.refused.next();
  return done;
}

/** Tries until it succeeds; mocha ends it otherwise. */
export async function eventually<T>(act: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await new Promise(setImmediate);
    }
  }
}
