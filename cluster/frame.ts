// frame.ts: the 32 bytes before every payload, its checksum, and the numbers of the types. Not what stands in the payloads.
//
// Little endian: magic u16 | version u8 | type u8 | flags u16 | priority u16 | term u32 | step u32 | seq u32 | vector u32 |
// length u32 | check u32. `length`: bytes of the payload, which begins at 32. `check`: checksum.ts over the header, with zeros there,
// and the payload. `flags`: the encoding of values (codecs/); 0 in control messages.
import { checksum } from './checksum.ts';
import { encodingOf } from './codecs/index.ts';
import type { Bulk, Message } from './messages.ts';
import { wireError } from './wire-error.ts';

export const HEADER_BYTES = 32;
export const MAGIC = 0x4853; // "SH"
export const WIRE_VERSION = 1;
/** Largest payload of a control message. */
export const CONTROL_BYTES = 2 ** 20;
/** Largest slice of values in one bulk frame. */
export const SLICE_BYTES = 4 * 2 ** 20;
/** What precedes the values in the payload of a bulk frame: bulk.ts. */
export const BULK_HEAD_BYTES = 24;
/** Largest frame of all. */
export const FRAME_BYTES = HEADER_BYTES + BULK_HEAD_BYTES + SLICE_BYTES;

/** The type's number on the wire. A number is never used again for something else. */
export const CONTROL_TYPES = {
  hello: 1,
  ready: 2,
  holding: 3,
  done: 4,
  applied: 5,
  welcome: 6,
  fence: 7,
  lease: 8,
  load: 9,
  apply: 10,
  dump: 11,
  refuse: 12,
  bye: 13,
  attach: 14,
  ack: 15,
  ping: 16,
  pong: 17,
  report: 18,
  flawed: 19,
  vote: 20,
} as const satisfies Record<Message['type'], number>;
export const BULK_TYPES = { push: 32, params: 33, load: 34, dump: 35 } as const satisfies Record<Bulk['type'], number>;

const controlNames = new Map(Object.entries(CONTROL_TYPES).map(([name, n]) => [n as number, name as Message['type']]));
const bulkNames = new Map(Object.entries(BULK_TYPES).map(([name, n]) => [n as number, name as Bulk['type']]));

export interface Header {
  readonly kind: { readonly control: Message['type'] } | { readonly bulk: Bulk['type'] };
  /** Of what waits to be sent the lowest goes first: 0 to 65535. */
  readonly priority: number;
  readonly term: number;
  readonly step: number;
  /** Counts the frames of one direction of one connection, from 0, modulo 2^32. */
  readonly seq: number;
  readonly vector: number;
  /** Of the values' encoding; 0 in control messages. */
  readonly flags: number;
  /** Bytes of the payload. */
  readonly length: number;
}

/** Writes the header of a payload into bytes 0 to 31 of `head`, whose other bytes and then `values` are the payload. */
export function sealFrame(head: Uint8Array, values: Uint8Array | null, header: Omit<Header, 'length'>): void {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const { kind, priority, term, step, seq, vector, flags } = header;
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, WIRE_VERSION);
  view.setUint8(3, 'control' in kind ? CONTROL_TYPES[kind.control] : BULK_TYPES[kind.bulk]);
  view.setUint16(4, flags, true);
  view.setUint16(6, priority, true);
  view.setUint32(8, term, true);
  view.setUint32(12, step, true);
  view.setUint32(16, seq, true);
  view.setUint32(20, vector, true);
  view.setUint32(24, head.byteLength - HEADER_BYTES + (values?.byteLength ?? 0), true);
  view.setUint32(28, 0, true);
  view.setUint32(28, checksum(values === null ? [head] : [head, values]), true);
}

const NO_SUM = new Uint8Array(4);

/**
 * Reads and proves a frame that came as `head` (the header, and what of the payload came with it) and `rest` (what is left).
 * @throws SHOAL_WIRE_FRAME, SHOAL_WIRE_VERSION, SHOAL_WIRE_SIZE, SHOAL_WIRE_CHECKSUM; nothing else, whatever the bytes are
 */
export function openFrame(head: Uint8Array, rest: Uint8Array | null): Header {
  const bytes = head.byteLength + (rest?.byteLength ?? 0);
  if (head.byteLength < HEADER_BYTES) throw refuse('SIZE', `${bytes} bytes`, `at least ${HEADER_BYTES} bytes`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint16(0, true);
  if (magic !== MAGIC) throw refuse('FRAME', `magic ${hex(magic)}`, hex(MAGIC));
  const version = view.getUint8(2);
  if (version !== WIRE_VERSION) throw refuse('VERSION', `protocol version ${version}`, `${WIRE_VERSION}`);
  const kind = kindOf(view.getUint8(3));
  const length = view.getUint32(24, true);
  const most = 'control' in kind ? CONTROL_BYTES : BULK_HEAD_BYTES + SLICE_BYTES;
  if (length > most) throw refuse('SIZE', `a payload of ${length} bytes`, `at most ${most}`);
  if (length !== bytes - HEADER_BYTES) {
    throw refuse('SIZE', `${bytes - HEADER_BYTES} bytes of payload`, `the header's ${length}`);
  }
  const flags = view.getUint16(4, true);
  const known = 'control' in kind ? flags === 0 : encodingOf(flags) !== undefined;
  if (!known) throw refuse('FRAME', `flags ${hex(flags)}`, 'the encoding of values; 0 in control messages');
  const claimed = view.getUint32(28, true);
  const pieces = [head.subarray(0, 28), NO_SUM, head.subarray(HEADER_BYTES)];
  const sum = checksum(rest === null ? pieces : [...pieces, rest]);
  if (sum !== claimed) throw refuse('CHECKSUM', `checksum ${hex(sum)}`, `the header's ${hex(claimed)}`);
  return {
    kind,
    priority: view.getUint16(6, true),
    term: view.getUint32(8, true),
    step: view.getUint32(12, true),
    seq: view.getUint32(16, true),
    vector: view.getUint32(20, true),
    flags,
    length,
  };
}

function kindOf(number: number): Header['kind'] {
  const control = controlNames.get(number);
  if (control !== undefined) return { control };
  const bulk = bulkNames.get(number);
  if (bulk !== undefined) return { bulk };
  const known = [...controlNames.keys(), ...bulkNames.keys()].join(', ');
  throw refuse('FRAME', `type ${number}`, `one of ${known}`);
}

const hex = (value: number): string => `0x${value.toString(16)}`;

const refuse = (code: 'FRAME' | 'VERSION' | 'SIZE' | 'CHECKSUM', got: string, expected: string) =>
  wireError(
    `SHOAL_WIRE_${code}`,
    'read a frame',
    got,
    expected,
    'The connection is closed; a peer of the same version, over a sound link, connects again.',
  );
