// npy.test.ts: NumPy arrays, in .npz files and folders: through the reader suite, with exact values, and through what can be wrong.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { writeNpy } from '../../../datasets/formats/npy-write.ts';
import { testReader } from '../../cases/reader.ts';
import { code, floats, formatFiles, reasons } from '../support/format-files.ts';

describe('NumPy arrays', () => {
  const { at, open, scan } = formatFiles();
  /** As numpy.save writes whole numbers by default: 64 bits. */
  const longs = (values: readonly number[]) => {
    const bytes = writeNpy([2 * values.length], new Int32Array(BigInt64Array.from(values, BigInt).buffer));
    const text = Buffer.from(bytes)
      .toString('latin1')
      .replace('<i4', '<i8')
      .replace(`(${2 * values.length},)`, `(${values.length},)`);
    return new Uint8Array(Buffer.from(text, 'latin1'));
  };
  const arrays = (labels = [0, 1, 2, 1]) => ({
    'x_train.npy': writeNpy(
      [4, 2, 3],
      Uint8Array.from({ length: 24 }, (_, i) => i),
    ),
    'y_train.npy': longs(labels),
    'x_test.npy': writeNpy([1, 2, 3], Uint8Array.of(9, 9, 9, 9, 9, 8)),
    'y_test.npy': writeNpy([1], Uint8Array.of(2)),
  });
  before(() => {
    writeFileSync(at('set.npz'), zipSync(arrays()));
    mkdirSync(at('npy'));
    for (const [name, bytes] of Object.entries(arrays())) writeFileSync(at(`npy/${name}`), bytes);
  });
  testReader('an .npz file', async () => (await open('npy', 'set.npz')).train);

  it('are the same from .npz and from a folder, with a channel where pixels have none', async () => {
    const [a, b] = [await open('npy', 'set.npz'), await open('npy', 'npy')];
    assert.equal(a.train.hash, b.train.hash);
    assert.deepEqual([a.train.fields['image']!.shape, a.train.classes, a.test.length], [[2, 3, 1], 3, 1]);
    const source = await scan('npy', 'set.npz');
    assert.deepEqual(await floats(source, 4), [9, 9, 9, 9, 9, 8]);
  });

  it('are refused when counts differ or nothing is known, and bad labels are told', async () => {
    writeFileSync(at('counts.npz'), zipSync({ ...arrays(), 'y_train.npy': writeNpy([3], Uint8Array.of(0, 1, 2)) }));
    await assert.rejects(scan('npy', 'counts.npz'), code('SHOAL_DATA_COUNT'));
    writeFileSync(at('other.npz'), zipSync({ 'z.npy': writeNpy([1], Uint8Array.of(1)) }));
    await assert.rejects(scan('npy', 'other.npz'), code('SHOAL_DATA_MISSING', /the arrays z/));
    writeFileSync(at('cut.npz'), zipSync(arrays()).subarray(0, 200));
    await assert.rejects(scan('npy', 'cut.npz'), code('SHOAL_DATA_CORRUPT'));
    writeFileSync(at('labels.npz'), zipSync(arrays([0, -1, 2, 1])));
    assert.deepEqual(reasons(await scan('npy', 'labels.npz')), [
      'x_train#00000001: a label that is no whole number from 0 on',
    ]);
    const matrix = { 'x.npy': writeNpy([4, 1], new Uint8Array(4)), 'y.npy': writeNpy([2, 2], new Uint8Array(4)) };
    writeFileSync(at('matrix.npz'), zipSync(matrix));
    await assert.rejects(scan('npy', 'matrix.npz'), code('SHOAL_DATA_COUNT', /labels in \(2, 2\)/));
  });

  it('are refused where one bit of a member has changed, packed or not, and named', async () => {
    for (const level of [0, 6] as const) {
      const bytes = zipSync(arrays(), { level });
      const first = 30 + 'x_train.npy'.length; // behind a member's own header
      for (let place = first; place < first + 20; place++) {
        const flipped = bytes.slice();
        flipped[place]! ^= 1;
        writeFileSync(at('flipped.npz'), flipped);
        await assert.rejects(scan('npy', 'flipped.npz'), code('SHOAL_DATA_CORRUPT', /flipped\.npz: got/));
      }
    }
  });

  it('of 64 bits are the numbers that they were, below 0 too; what 32 bits do not hold is refused', async () => {
    const samples = (values: readonly number[]) => {
      const [x, y] = [longs(values), writeNpy([values.length], new Uint8Array(values.length))];
      writeFileSync(at('longs.npz'), zipSync({ 'x.npy': x, 'y.npy': y }));
      return scan('npy', 'longs.npz');
    };
    const values = [-5, 7, -(2 ** 31), 2 ** 31 - 1];
    const source = await samples(values);
    assert.deepEqual(await Promise.all(values.map(async (_, i) => (await floats(source, i))[0])), values);
    await assert.rejects(samples([1, 2 ** 31]), code('SHOAL_DATA_FORMAT', /the number 2147483648/));
  });
});
