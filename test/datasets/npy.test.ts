// npy.test.ts: NumPy's file format, against bytes that numpy.save wrote and files that are wrong.
import assert from 'node:assert/strict';
import { ShoalError } from '../../base/errors.ts';
import { parseNpy } from '../../datasets/npy.ts';

/** A header as numpy/lib/format.py lays it out: the data start at a multiple of 64. */
function file(header: string, data: Uint8Array, version = 1): Uint8Array {
  const start = version === 1 ? 10 : 12;
  const length = Math.ceil((start + header.length + 1) / 64) * 64 - start;
  const bytes = new Uint8Array(start + length + data.length).fill(0x20);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  new DataView(bytes.buffer).setUint16(8, length, true);
  if (version > 1) new DataView(bytes.buffer).setUint32(8, length, true);
  bytes.set(new TextEncoder().encode(header), start);
  bytes[start + length - 1] = 10;
  bytes.set(data, start + length);
  return bytes;
}

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

describe('.npy files', () => {
  it('hold bytes and f32 of any shape, in every version of the format', () => {
    const floats = Float32Array.of(1.5, -2, 0.25);
    for (const version of [1, 2, 3]) {
      assert.deepEqual(parseNpy(file(header('|u1', '(2, 3)'), Uint8Array.of(1, 2, 3, 4, 5, 6), version), 'x'), {
        shape: [2, 3],
        data: Uint8Array.of(1, 2, 3, 4, 5, 6),
      });
      const bytes = Buffer.from(file(header('<f4', '(3,)'), new Uint8Array(floats.buffer), version));
      assert.deepEqual(parseNpy(bytes, 'x'), { shape: [3], data: floats });
    }
    assert.deepEqual(parseNpy(file(header('|u1', '()'), Uint8Array.of(9)), 'x'), { shape: [], data: Uint8Array.of(9) });
  });

  for (const [what, bytes, code] of [
    ['other files', new TextEncoder().encode('PK and so on'), 'SHOAL_DATA_FORMAT'],
    ['nothing', new Uint8Array(0), 'SHOAL_DATA_FORMAT'],
    ['doubles', file(header('<f8', '(1,)'), new Uint8Array(8)), 'SHOAL_DATA_FORMAT'],
    ['columns first', file(header('|u1', '(2, 2)', 'True'), new Uint8Array(4)), 'SHOAL_DATA_FORMAT'],
    ['a header cut short', file(header('|u1', '(2, 2)'), new Uint8Array(4)).subarray(0, 40), 'SHOAL_DATA_TRUNCATED'],
    ['data cut short', file(header('|u1', '(2, 2)'), new Uint8Array(3)), 'SHOAL_DATA_TRUNCATED'],
    ['too many data', file(header('|u1', '(2, 2)'), new Uint8Array(5)), 'SHOAL_DATA_LENGTH'],
  ] as const) {
    it(`are refused for ${what}: ${code}`, () => {
      assert.throws(
        () => parseNpy(bytes, 'some.npy'),
        (error) => error instanceof ShoalError && error.code === code && error.operation === 'read some.npy',
      );
    });
  }
});
