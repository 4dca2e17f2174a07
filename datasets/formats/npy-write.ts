// npy-write.ts: an array in NumPy's file format, version 1.0. Reading is npy.ts.

const TYPES = { Uint8Array: '|u1', Float32Array: '<f4', Int32Array: '<i4' } as const;

/** The bytes that numpy.save writes for a C-contiguous array, header padded so that the data start at a multiple of 64. */
export function writeNpy(shape: readonly number[], data: Uint8Array | Float32Array | Int32Array): Uint8Array {
  const type =
    data instanceof Uint8Array ? TYPES.Uint8Array : data instanceof Int32Array ? TYPES.Int32Array : TYPES.Float32Array;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const out = new Uint8Array(length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - 10) & 255, (length - 10) >> 8]);
  out.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), length);
  return out;
}
