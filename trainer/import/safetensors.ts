// safetensors.ts: reads the safetensors format, believing nothing it says. Not how it is written (export/).

import type { Problem } from '../../base/errors.ts';
import { ShoalError } from '../../base/errors.ts';
import type { SafetensorsDtype, SafetensorsTensor } from '../export/safetensors.ts';
import { MAX_HEADER_BYTES } from '../export/safetensors.ts';
import type { Files, OpenFile } from '../files.ts';
import { readFully } from '../files.ts';
import { nodeFiles } from '../node-files.ts';

/** Where a tensor lies: bytes [begin, end) of the buffer that follows the header. */
export interface SafetensorsEntry {
  readonly name: string;
  /** Null for one that is passed over. */
  readonly dtype: SafetensorsDtype | null;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: readonly SafetensorsTensor[];
}

const ARRAYS = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
const READ_BYTES = 1 << 20;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Says what is wrong with `path`. */
function refuse(
  path: string,
  got: string,
  expected: string,
  code: Problem['code'] = 'SHOAL_SAFETENSORS_CORRUPT',
): never {
  const hint = 'The file is damaged, or is of another kind.';
  throw new ShoalError({ code, operation: `read the safetensors file ${path}`, got, expected, hint });
}

function parseJson(path: string, bytes: Uint8Array<ArrayBuffer>): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    refuse(path, 'a header that is not JSON', 'a JSON object in UTF-8');
  }
  if (bytes[0] !== 0x7b || !isObject(parsed)) refuse(path, 'a header that starts with no "{"', 'a JSON object');
  return parsed;
}

/** Whether a tensor is asked for: others are passed over, whatever they hold. */
type Wanted = (name: string) => boolean;
const all: Wanted = () => true;

function parseEntry(path: string, name: string, value: unknown, wanted: boolean): SafetensorsEntry {
  const of = `of ${JSON.stringify(name.slice(0, 200))}`;
  if (!isObject(value)) refuse(path, `no description ${of}`, 'dtype, shape and data_offsets');
  const { dtype: given, shape, data_offsets: offsets } = value;
  if (wanted && given !== 'F32' && given !== 'I32' && given !== 'U8') {
    const known = Object.keys(ARRAYS).join(', ');
    refuse(path, `dtype ${JSON.stringify(given)} ${of}`, `one of ${known}`, 'SHOAL_SAFETENSORS_DTYPE');
  }
  const dtype = wanted ? (given as SafetensorsDtype) : null;
  if (!Array.isArray(shape) || !shape.every(isCount)) refuse(path, `a bad shape ${of}`, 'whole numbers');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    refuse(path, `bad data_offsets ${of}`, 'two whole numbers');
  }
  const [begin, end] = offsets as [number, number];
  if (dtype === null) return { name, dtype, shape, begin, end };
  const bytes = shape.reduce((product: number, n: number) => product * n, ARRAYS[dtype].BYTES_PER_ELEMENT);
  // An overflowing product is above 2^53, where no file ends, or infinite; infinity x 0 is NaN, and differs as well.
  if (end - begin !== bytes) refuse(path, `bytes ${begin} to ${end} ${of}`, `${bytes} bytes for ${dtype} [${shape}]`);
  return { name, dtype, shape, begin, end };
}

/**
 * Checks a header against the length of the buffer behind it: every byte of the buffer belongs to exactly one tensor.
 * @param path names the file in errors
 * @param bytes the JSON, with its padding
 * @param bufferBytes what the file holds after the header
 * @returns entries in the order of their bytes
 * @throws SHOAL_SAFETENSORS_CORRUPT, SHOAL_SAFETENSORS_DTYPE
 */
export function parseSafetensorsHeader(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  bufferBytes: number,
  wanted: Wanted = all,
): { metadata: Record<string, string>; entries: SafetensorsEntry[] } {
  const { __metadata__: metadata = {}, ...described } = parseJson(path, bytes);
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === 'string')) {
    refuse(path, 'bad __metadata__', 'an object of strings');
  }
  const entries = Object.entries(described).map(([name, value]) => parseEntry(path, name, value, wanted(name)));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at)
      refuse(path, `${JSON.stringify(name.slice(0, 200))} at byte ${begin}`, `byte ${at}: no hole, no overlap`);
    at = end;
  }
  if (at !== bufferBytes) refuse(path, `${bufferBytes} bytes of data`, `${at} bytes`);
  return { metadata: metadata as Record<string, string>, entries };
}

/**
 * Reads an open file from its first byte to its last, each byte once and in order (so that a reader can hash it on the way).
 * Allocates nothing before the header has been checked against the length of the file.
 * @throws SHOAL_SAFETENSORS_CORRUPT, SHOAL_SAFETENSORS_DTYPE, SHOAL_FILE_TRUNCATED
 */
export async function readSafetensorsFrom(
  file: OpenFile,
  path: string,
  wanted: Wanted = all,
): Promise<SafetensorsFile> {
  const size = await file.size();
  if (size < 8) refuse(path, `${size} bytes`, 'at least 8');
  const prefix = new Uint8Array(8);
  await readFully(file, prefix, 0);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, size - 8);
  if (length > BigInt(limit)) refuse(path, `a header of ${length} bytes`, `at most ${limit}`);
  const json = new Uint8Array(Number(length));
  await readFully(file, json, 8);
  const start = 8 + json.length;
  const { metadata, entries } = parseSafetensorsHeader(path, json, size - start, wanted);
  const tensors: SafetensorsTensor[] = [];
  for (const { name, dtype, shape, begin, end } of entries) {
    if (dtype === null) continue;
    const bytes = new Uint8Array(end - begin);
    for (let at = 0; at < bytes.length; at += READ_BYTES) {
      await readFully(file, bytes.subarray(at, at + READ_BYTES), start + begin + at);
    }
    tensors.push({ name, shape, data: new ARRAYS[dtype](bytes.buffer) });
  }
  return { metadata, tensors };
}

/** Reads a whole file, or what is wanted of it; errors as readSafetensorsFrom, or the file system's. */
export async function readSafetensors(
  path: string,
  files: Files = nodeFiles,
  wanted: Wanted = all,
): Promise<SafetensorsFile> {
  const file = await files.open(path, 'read');
  try {
    return await readSafetensorsFrom(file, path, wanted);
  } finally {
    await file.close();
  }
}
