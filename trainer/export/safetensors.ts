// safetensors.ts: writes tensors in the safetensors format. Not how they are read (import/), nor when a file is durable.

import { ShoalError } from '../../base/errors.ts';
import type { Files } from '../files.ts';
import { writeDurably } from '../files.ts';
import { elements } from '../model.ts';
import { nodeFiles } from '../node-files.ts';

export type SafetensorsData = Float32Array | Int32Array | Uint8Array;
export type SafetensorsDtype = 'F32' | 'I32' | 'U8';

export interface SafetensorsTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: SafetensorsData;
}

/** Readers refuse longer headers: the limit of the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;
const CHUNK_BYTES = 1 << 20;

const dtypeOf = (data: SafetensorsData): SafetensorsDtype =>
  data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8';

function check(tensors: readonly SafetensorsTensor[]): void {
  const names = new Set<string>(['__metadata__']);
  for (const { name, shape, data } of tensors) {
    const refuse = (got: string, expected: string) => {
      const operation = `write the tensor ${JSON.stringify(name)} as safetensors`;
      throw new ShoalError({ code: 'SHOAL_SAFETENSORS_TENSOR', operation, got, expected, hint: 'Check its source.' });
    };
    if (names.has(name)) refuse('a name twice, or a reserved one', 'names to differ');
    names.add(name);
    if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0)) refuse(`[${shape}]`, 'a shape of whole numbers');
    if (elements(shape) !== data.length) refuse(`${data.length} elements`, `${elements(shape)} for [${shape}]`);
  }
}

/** The 8 bytes of length and the JSON header, padded with spaces so that the buffer starts at a multiple of 8. */
function header(tensors: readonly SafetensorsTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let at = 0;
  for (const { name, shape, data } of tensors) {
    entries.push([name, { dtype: dtypeOf(data), shape, data_offsets: [at, at + data.byteLength] }]);
    at += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > MAX_HEADER_BYTES) {
    throw new ShoalError({
      code: 'SHOAL_SAFETENSORS_TENSOR',
      operation: 'write a safetensors header',
      got: `${padded} bytes`,
      expected: `at most ${MAX_HEADER_BYTES}`,
      hint: 'Write fewer tensors or less metadata into one file.',
    });
  }
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}

/**
 * A safetensors file, piece by piece: the header, then the tensors with no hole between them. Tensors of 4-byte elements
 * come first, so that all are aligned, else in the order given. At most `chunkBytes` are held beside the tensors, and a
 * piece is valid until the next is asked for. The data may lie on shared memory, and must not change meanwhile.
 * Throws SHOAL_SAFETENSORS_TENSOR if a name is taken or a length does not fit its shape.
 */
export function* safetensorsChunks(
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>> = {},
  chunkBytes: number = CHUNK_BYTES,
): Generator<Uint8Array<ArrayBufferLike>, void> {
  check(tensors);
  const aligned = tensors.toSorted((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  yield header(aligned, metadata);
  const chunk = new Uint8Array(chunkBytes);
  let filled = 0;
  for (const { data } of aligned) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(chunkBytes - filled, bytes.length - at);
      chunk.set(bytes.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled < chunkBytes) continue;
      yield chunk;
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** Writes a file that must not exist yet, and syncs it. Returns its length in bytes. */
export function writeSafetensors(
  path: string,
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>> = {},
  files: Files = nodeFiles,
): Promise<number> {
  return writeDurably(files, path, safetensorsChunks(tensors, metadata));
}
