// network.ts: how long messages take on a network of machines with one link each: pure arithmetic of bytes. It knows no process.
import { controlPayload } from '../control.ts';
import { BULK_HEAD_BYTES, HEADER_BYTES, SLICE_BYTES } from '../frame.ts';
import type { Message } from '../messages.ts';
import type { Slice } from '../server-types.ts';

export interface LinkModel {
  /** Bytes a millisecond, each way. */
  readonly rate: number;
  readonly latencyMs: number;
}

/** A machine's link, and what it has carried. */
export interface Nic {
  upFree: number;
  downFree: number;
  sent: number;
  received: number;
}

export const createNic = (): Nic => ({ upFree: 0, downFree: 0, sent: 0, received: 0 });

/** Header of a WebSocket frame after RFC 6455; clients mask. */
const webSocket = (bytes: number, masked: boolean): number =>
  (bytes < 126 ? 2 : bytes < 65536 ? 4 : 10) + (masked ? 4 : 0);

/** Bytes on the wire of floats of one range: as many slices as they take. */
export function bulkBytes({ count }: Pick<Slice, 'count'>, masked: boolean): number {
  const most = SLICE_BYTES / 4;
  let bytes = 0;
  for (let left = count; left > 0; left -= most) {
    const frame = HEADER_BYTES + BULK_HEAD_BYTES + 4 * Math.min(left, most);
    bytes += frame + webSocket(frame, masked);
  }
  return bytes;
}

export function messageBytes(message: Message, masked: boolean): number {
  const frame = HEADER_BYTES + controlPayload(message).length;
  return frame + webSocket(frame, masked);
}

/**
 * When a message that is sent now has arrived whole: it waits for the sender's link, then for the receiver's.
 * @param now ms
 */
export function arrival(now: number, from: Nic, to: Nic, bytes: number, { rate, latencyMs }: LinkModel): number {
  const ms = bytes / rate;
  from.sent += bytes;
  to.received += bytes;
  from.upFree = Math.max(now, from.upFree) + ms;
  // its first bytes are there a latency after they left: the receiver's link is busy for as long as the sender's was
  to.downFree = Math.max(from.upFree - ms + latencyMs, to.downFree) + ms;
  return to.downFree;
}

/** "100Mbit", "10Gbit", "1GB": of a second. @returns bytes a millisecond; null where it is none */
export function parseRate(text: string): number | null {
  const [, number, prefix, unit] = /^(\d+(?:\.\d+)?)([kMG]?)(bit|B)$/.exec(text) ?? [];
  const value = Number(number) * { '': 1, k: 1e3, M: 1e6, G: 1e9 }[prefix ?? '']!;
  return number !== undefined && value > 0 ? value / (unit === 'bit' ? 8 : 1) / 1000 : null;
}
