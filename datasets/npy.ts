// npy.ts: reads an array in NumPy's file format: bytes, f32, i32, or i64 as i32. It opens no file. Not a reader of datasets.
// Source: numpy/lib/format.py. "\x93NUMPY", version (2 bytes), header's length (u16; u32 from version 2), header, data.
import { ShoalError } from '../base/errors.ts';

export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array | Int32Array;
}

const TYPES: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => NpyArray['data']>> = {
  '|u1': (bytes) => bytes,
  '<f4': ({ buffer }) => new Float32Array(buffer),
  '<i4': ({ buffer }) => new Int32Array(buffer),
  // numpy's default; labels, ids and counts fit into 32 bits
  '<i8': ({ buffer }) => Int32Array.from(new BigInt64Array(buffer), Number),
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * @param origin the file's name, for messages
 * @throws SHOAL_DATA_FORMAT, SHOAL_DATA_TRUNCATED, SHOAL_DATA_LENGTH
 */
export function parseNpy(bytes: Uint8Array, origin: string): NpyArray {
  const wrong = (code: `SHOAL_${string}`, got: string, expected: string, hint: string): ShoalError =>
    new ShoalError({ code, operation: `read ${origin}`, got, expected, hint });
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw wrong('SHOAL_DATA_FORMAT', 'other bytes', 'a file that numpy.save wrote', 'Write it with numpy.save.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6]! > 1;
  const start = long ? 12 : 10;
  const headerBytes = bytes.length < start ? 0 : long ? view.getUint32(8, true) : view.getUint16(8, true);
  const at = start + headerBytes;
  if (headerBytes === 0 || at > bytes.length) {
    throw wrong('SHOAL_DATA_TRUNCATED', `${bytes.length} bytes`, `a header up to byte ${at}`, 'Fetch the file again.');
  }
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, at));
  const type = /'descr': '([^']*)'/.exec(header)?.[1] ?? 'no simple type';
  const shape = /'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  const make = TYPES[type];
  if (make === undefined) {
    const hint =
      'Save array.astype("uint8") for pixels from 0 to 255, or array.astype("float32") for brightness from 0 to 1.';
    throw wrong('SHOAL_DATA_FORMAT', `elements of type ${type}`, `one of ${Object.keys(TYPES).join(', ')}`, hint);
  }
  if (!header.includes("'fortran_order': False") || shape === undefined) {
    throw wrong(
      'SHOAL_DATA_FORMAT',
      header.trim(),
      'rows first (fortran_order False)',
      'Save numpy.ascontiguousarray(array).',
    );
  }
  const dimensions = shape.split(',').flatMap((n) => (n.trim() === '' ? [] : [Number(n)]));
  const count = dimensions.reduce((product, n) => product * n, 1);
  const expected = count * Number(type.slice(2));
  const rest = bytes.subarray(at);
  if (rest.length !== expected) {
    const code = rest.length < expected ? 'SHOAL_DATA_TRUNCATED' : 'SHOAL_DATA_LENGTH';
    throw wrong(
      code,
      `${rest.length} bytes of data`,
      `${expected} for (${dimensions.join(', ')})`,
      'Fetch the file again.',
    );
  }
  const own = new Uint8Array(rest); // a copy, even of a Buffer: it starts at a multiple of 8
  const large = type === '<i8' && new BigInt64Array(own.buffer).find((x) => x !== BigInt.asIntN(32, x));
  if (large)
    throw wrong('SHOAL_DATA_FORMAT', `the number ${large}`, 'numbers of 32 bits', 'Save array.astype("float32").');
  return { shape: dimensions, data: make(own) };
}
