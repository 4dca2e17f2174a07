// tf-record.ts: records of TFRecord files and the Example messages in them, read and written. Source: TensorFlow's record_writer.h and example.proto.
import { maskedCrc32c } from '../../base/crc32c.ts';
import type { RandomFile } from '../files.ts';

export type Feature =
  | { readonly bytes: readonly Uint8Array[] }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly number[] };

export type Example = Readonly<Record<string, Feature>>;

export interface RecordIndex {
  /** Where each record's data lie, and whether their checksum is right. */
  readonly records: readonly { readonly at: number; readonly size: number }[];
  /** What ended the file early, if anything did. */
  readonly problem: string | null;
}

const HEADER = 12;
const FOOTER = 4;

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Walks lengths alone; the data's own checksums are compared when a record is read. */
export async function indexRecords(file: RandomFile): Promise<RecordIndex> {
  const records: { at: number; size: number }[] = [];
  for (let at = 0; at < file.size; ) {
    if (at + HEADER > file.size) return { records, problem: 'the file ends inside a record' };
    const header = await file.read(at, HEADER);
    if (view(header).getUint32(8, true) !== maskedCrc32c(header.subarray(0, 8)))
      return { records, problem: "a record's length whose checksum is wrong" };
    const size = Number(view(header).getBigUint64(0, true));
    if (at + HEADER + size + FOOTER > file.size) return { records, problem: 'the file ends inside a record' };
    records.push({ at: at + HEADER, size });
    at += HEADER + size + FOOTER;
  }
  return { records, problem: null };
}

/** A record's data; null where their checksum is wrong. */
export async function readRecordData(
  file: RandomFile,
  { at, size }: { at: number; size: number },
): Promise<Uint8Array | null> {
  const bytes = await file.read(at, size + FOOTER);
  const data = bytes.subarray(0, size);
  return view(bytes).getUint32(size, true) === maskedCrc32c(data) ? data : null;
}

/** A record as it stands in a file. */
export function writeRecord(data: Uint8Array): Uint8Array[] {
  const header = new Uint8Array(HEADER);
  view(header).setBigUint64(0, BigInt(data.length), true);
  view(header).setUint32(8, maskedCrc32c(header.subarray(0, 8)), true);
  const footer = new Uint8Array(FOOTER);
  view(footer).setUint32(0, maskedCrc32c(data), true);
  return [header, data, footer];
}

/** Fields of a protobuf message: number and contents; varints as numbers. Null: not a message. */
function* fieldsOf(bytes: Uint8Array): Generator<[field: number, value: Uint8Array | bigint]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= bytes.length) throw new RangeError('a message that ends early');
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw new RangeError('a number that is too long');
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length) throw new RangeError('a message that ends early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, type] = [tag >>> 3, tag & 7];
    if (type === 0) yield [field, varint()];
    else if (type === 1) yield [field, take(8)];
    else if (type === 2) yield [field, take(Number(varint()))];
    else if (type === 5) yield [field, take(4)];
    else throw new RangeError('a field of an unknown type');
  }
}

/** @throws RangeError for bytes that are no Example */
export function parseExample(bytes: Uint8Array): Example {
  const features: Record<string, Feature> = {};
  for (const [, inner] of fieldsOf(bytes)) {
    if (typeof inner === 'bigint') continue;
    for (const [, entry] of fieldsOf(inner)) {
      if (typeof entry === 'bigint') continue;
      const pair = new Map(fieldsOf(entry));
      const [name, value] = [pair.get(1), pair.get(2)];
      if (name instanceof Uint8Array && value instanceof Uint8Array)
        features[new TextDecoder().decode(name)] = featureOf(value);
    }
  }
  return features;
}

function featureOf(bytes: Uint8Array): Feature {
  for (const [kind, list] of fieldsOf(bytes)) {
    if (typeof list === 'bigint') continue;
    const items = [...fieldsOf(list)].map(([, value]) => value);
    if (kind === 1) return { bytes: items.filter((item) => item instanceof Uint8Array) };
    if (kind === 2) return { floats: items.flatMap((item) => (typeof item === 'bigint' ? [] : floatsOf(item))) };
    if (kind === 3)
      return { ints: items.flatMap((item) => (typeof item === 'bigint' ? [Number(item)] : intsOf(item))) };
  }
  return { bytes: [] };
}

const floatsOf = (packed: Uint8Array): number[] =>
  Array.from({ length: packed.length >> 2 }, (_, i) => view(packed).getFloat32(4 * i, true));

/** Packed varints are the fields of no message: each is read as a value alone. */
function intsOf(packed: Uint8Array): number[] {
  const values: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of packed) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    values.push(Number(BigInt.asIntN(64, value)));
    value = 0n;
    shift = 0n;
  }
  return values;
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

const message = (field: number, parts: readonly Uint8Array[]): Uint8Array[] => [
  Uint8Array.from([(field << 3) | 2, ...varintBytes(parts.reduce((sum, part) => sum + part.length, 0))]),
  ...parts,
];

/** Names sorted: equal examples give equal bytes. */
export function writeExample(example: Example): Uint8Array {
  const entries = Object.entries(example).sort(([a], [b]) => (a < b ? -1 : 1));
  const features = entries.flatMap(([name, feature]) => {
    const value =
      'bytes' in feature
        ? message(
            1,
            feature.bytes.flatMap((bytes) => message(1, [bytes])),
          )
        : 'floats' in feature
          ? message(2, message(1, [new Uint8Array(Float32Array.from(feature.floats).buffer)]))
          : message(3, message(1, [Uint8Array.from(feature.ints.flatMap(varintBytes))]));
    return message(1, [...message(1, [new TextEncoder().encode(name)]), ...message(2, value)]);
  });
  return Buffer.concat(message(1, features));
}
