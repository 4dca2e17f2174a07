// protocol.ts: messages and bulk to frames and back. Pure: no socket, no clock. Layout: frame.ts; contents: control.ts, bulk.ts.
import { bulkHead, bytesOf, readBulk } from './bulk.ts';
import { encodings } from './codecs/index.ts';
import { controlPayload, readControl, termOf } from './control.ts';
import { BULK_HEAD_BYTES, HEADER_BYTES, openFrame, sealFrame } from './frame.ts';
import type { Bulk, Message } from './messages.ts';

export { slicesOf } from './bulk.ts';

/** What one connection adds to a frame. */
export interface Stamp {
  readonly seq: number;
  readonly priority: number;
}

/** A frame in the pieces that it can be sent in without copying its values. */
export interface EncodedBulk {
  /** Header and what says where the values belong: 56 bytes. */
  readonly head: Uint8Array;
  /** Where they travel as f32, the memory of the bulk's own values: not to be changed before it has been sent. */
  readonly values: Uint8Array;
}

export type Frame =
  | { readonly seq: number; readonly message: Message; readonly bulk?: never }
  | { readonly seq: number; readonly bulk: Bulk; readonly message?: never };

/** @throws SHOAL_WIRE_SIZE when the message is beyond 1 MiB */
export function encodeMessage(message: Message, stamp: Stamp): Uint8Array {
  const payload = controlPayload(message);
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  frame.set(payload, HEADER_BYTES);
  sealFrame(frame, null, {
    kind: { control: message.type },
    term: termOf(message),
    step: 0,
    vector: 0,
    flags: 0,
    ...stamp,
  });
  return frame;
}

/** @throws SHOAL_WIRE_CONTENT when the values are none, beyond 4 MiB or outside of their range, or a push has no node */
export function encodeBulk(bulk: Bulk, stamp: Stamp): EncodedBulk {
  const head = bulkHead(bulk);
  const values = bytesOf(bulk);
  const { type, term, step, vector, encoding = 'f32' } = bulk;
  const { flags } = encodings[encoding];
  sealFrame(head, values, { kind: { bulk: type }, term, step, vector, flags, ...stamp });
  return { head, values };
}

/**
 * Reads a frame, which may have come in pieces. A bulk's values are a view of the bytes where alignment allows it.
 * @throws ShoalError SHOAL_WIRE_FRAME, _VERSION, _SIZE, _CHECKSUM or _CONTENT; nothing else, whatever the bytes are
 */
export function decodeFrame(pieces: Uint8Array | readonly Uint8Array[]): Frame {
  const [head, rest] = inTwo(pieces);
  const header = openFrame(head, rest);
  const { kind, seq, term } = header;
  if ('control' in kind) {
    const payload = rest === null ? head.subarray(HEADER_BYTES) : Buffer.concat([head.subarray(HEADER_BYTES), rest]);
    return { seq, message: readControl(kind.control, term, payload) };
  }
  const at = HEADER_BYTES + BULK_HEAD_BYTES;
  return { seq, bulk: readBulk(kind.bulk, header, head.subarray(HEADER_BYTES, at), rest ?? head.subarray(at)) };
}

/** As a bulk frame is sent (its head, then its values), or else in one piece. */
function inTwo(pieces: Uint8Array | readonly Uint8Array[]): readonly [Uint8Array, Uint8Array | null] {
  if (pieces instanceof Uint8Array) return [pieces, null];
  if (pieces.length === 1) return [pieces[0]!, null];
  const asSent = pieces.length === 2 && pieces[0]!.byteLength === HEADER_BYTES + BULK_HEAD_BYTES;
  return asSent ? [pieces[0]!, pieces[1]!] : [Buffer.concat(pieces), null];
}
