// idx-format.ts: the bytes of one IDX file, checked. Not which files make a dataset: idx.ts.
// Source of the format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".
import { ShoalError } from '../../base/errors.ts';

export interface IdxArray {
  /** Samples first. */
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

/** Code of the only element type that images and labels have. */
const UNSIGNED_BYTES = 0x08;

/**
 * Magic 0 0 type dimensions, then each dimension as a big-endian u32, then the elements.
 * @param path for messages
 * @throws {ShoalError} SHOAL_DATA_FORMAT, SHOAL_DATA_TRUNCATED, SHOAL_DATA_LENGTH, SHOAL_DATA_EMPTY
 */
export function parseIdx(bytes: Uint8Array, dimensionCount: number, path: string): IdxArray {
  const wrong = (code: `SHOAL_${string}`, got: string, expected: string, hint: string): ShoalError =>
    new ShoalError({ code, operation: `read ${path}`, got, expected, hint });
  const header = 4 + 4 * dimensionCount;
  if (bytes.length < header) {
    throw wrong('SHOAL_DATA_TRUNCATED', `${bytes.length} bytes`, `a header of ${header}`, 'Fetch the file again.');
  }
  const magic = [0, 0, UNSIGNED_BYTES, dimensionCount];
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    const got = `the magic bytes ${bytes.subarray(0, 4).join(' ')}`;
    const hint = 'Is this an IDX file, of unsigned bytes? Gzipped files must be named .gz.';
    throw wrong('SHOAL_DATA_FORMAT', got, `${magic.join(' ')} (u8, ${dimensionCount} dimensions)`, hint);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = Array.from({ length: dimensionCount }, (_, i) => view.getUint32(4 + 4 * i));
  const shape = dimensions.join(' x ');
  if (dimensions.includes(0)) throw wrong('SHOAL_DATA_EMPTY', shape, 'at least one sample', 'The dataset is empty.');
  const expected = header + dimensions.reduce((product, n) => product * n, 1);
  if (bytes.length !== expected) {
    const code = bytes.length < expected ? 'SHOAL_DATA_TRUNCATED' : 'SHOAL_DATA_LENGTH';
    throw wrong(code, `${bytes.length} bytes`, `${expected} for ${shape}`, 'Fetch the file again.');
  }
  return { dimensions, data: bytes.subarray(header) };
}
