// bulk.ts: floats of a range as the payload of a frame, and the cutting of ranges into slices. Not the frame around them.
//
// Payload, little endian: level u32 | index u32 (both 0xffffffff: no node) | from u32 | range.from u32 | range.to u32 | count u32 |
// count values, encoded as the header's flags say (codecs/). They begin 56 bytes after the frame does: f32 can be read in place.
import { encodingOf, encodings } from './codecs/index.ts';
import { BULK_HEAD_BYTES, HEADER_BYTES, type Header, SLICE_BYTES } from './frame.ts';
import type { Bulk, FlatRange } from './messages.ts';
import { wireError } from './wire-error.ts';

const NO_NODE = 0xffff_ffff;
const DEEPEST_LEVEL = 31;

/** The first bytes of a bulk frame: the header's room, then what says where the values belong. */
export function bulkHead(bulk: Bulk): Uint8Array {
  const flaw = flawOf(bulk);
  if (flaw !== null) throw bad(`send ${bulk.type}`, flaw[0], flaw[1]);
  const head = new Uint8Array(HEADER_BYTES + BULK_HEAD_BYTES);
  const view = new DataView(head.buffer, HEADER_BYTES);
  view.setUint32(0, bulk.node?.level ?? NO_NODE, true);
  view.setUint32(4, bulk.node?.index ?? NO_NODE, true);
  view.setUint32(8, bulk.from, true);
  view.setUint32(12, bulk.range.from, true);
  view.setUint32(16, bulk.range.to, true);
  view.setUint32(20, bulk.values.length, true);
  return head;
}

export const bytesOf = ({ values, encoding = 'f32' }: Bulk): Uint8Array => encodings[encoding].encode(values);

/**
 * Reads a bulk payload. The values are a view of `payload` where they stand at a multiple of four bytes, else a copy.
 * @throws SHOAL_WIRE_CONTENT; nothing else, whatever the bytes are
 */
export function readBulk(type: Bulk['type'], header: Header, payloadHead: Uint8Array, values: Uint8Array): Bulk {
  const operation = `read ${type}`;
  const encoding = encodingOf(header.flags)!;
  if (payloadHead.byteLength !== BULK_HEAD_BYTES || values.byteLength % encoding.bytes !== 0) {
    const bytes = payloadHead.byteLength + values.byteLength;
    throw bad(operation, `a payload of ${bytes} bytes`, `${BULK_HEAD_BYTES} and ${encoding.bytes} for each value`);
  }
  const view = new DataView(payloadHead.buffer, payloadHead.byteOffset, BULK_HEAD_BYTES);
  const level = view.getUint32(0, true);
  const index = view.getUint32(4, true);
  const count = view.getUint32(20, true);
  const bulk: Bulk = {
    type,
    term: header.term,
    step: header.step,
    node: level === NO_NODE && index === NO_NODE ? null : { level, index },
    vector: header.vector,
    from: view.getUint32(8, true),
    range: { from: view.getUint32(12, true), to: view.getUint32(16, true) },
    values: encoding.decode(values),
  };
  if (count !== bulk.values.length) throw bad(operation, `${bulk.values.length} values`, `the payload's ${count}`);
  const flaw = flawOf(bulk);
  if (flaw !== null) throw bad(operation, flaw[0], flaw[1]);
  return bulk;
}

/** What is wrong with a piece and what would be right, or null. */
function flawOf({ type, node, from, range, values }: Bulk): readonly [got: string, expected: string] | null {
  if ((type === 'push') !== (node !== null)) {
    return [node === null ? 'no node' : 'a node', type === 'push' ? 'the node that was computed' : 'none'];
  }
  if (node !== null && node.level > DEEPEST_LEVEL) return [`a node at level ${node.level}`, `at most ${DEEPEST_LEVEL}`];
  if (values.length === 0) return ['no values', 'at least one'];
  if (values.byteLength > SLICE_BYTES) return [`${values.byteLength} bytes of values`, `at most ${SLICE_BYTES}`];
  if (from < range.from || from + values.length > range.to) {
    return [`values ${from} to ${from + values.length}`, `inside the range ${range.from} to ${range.to}`];
  }
  return null;
}

/**
 * Cuts the values of a range into slices that fit in frames, from the front: views of `vector`, no copies. None for an empty range.
 * @param vector the values of the range alone: vector[0] is element range.from
 * @param maxBytes of one slice: 2 MiB by default, at most 4 MiB
 */
export function* slicesOf(
  vector: Float32Array,
  range: FlatRange,
  maxBytes: number = 2 * 2 ** 20,
): Generator<{ readonly from: number; readonly values: Float32Array }> {
  if (vector.length !== range.to - range.from) {
    throw bad('cut a range into slices', `${vector.length} values`, `the range's ${range.to - range.from}`);
  }
  const most = Math.max(1, Math.floor(Math.min(maxBytes, SLICE_BYTES) / 4));
  for (let at = 0; at < vector.length; at += most) {
    yield { from: range.from + at, values: vector.subarray(at, Math.min(at + most, vector.length)) };
  }
}

const bad = (operation: string, got: string, expected: string) =>
  wireError('SHOAL_WIRE_CONTENT', operation, got, expected, 'Do both ends run the same version of Shoal?');
