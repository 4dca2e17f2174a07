// device-batches.test.ts: which micro-shards share a batch of the device. That they give the same sums: test/cases/executor.ts.
import assert from 'node:assert/strict';
import { deviceBatches, mostRows } from '../../../trainer/tfjs/device-batches.ts';
import { rootOf, sharesOf } from '../../../trainer/tree.ts';
import type { Work } from '../../../trainer/work.ts';

describe('batches of a device', () => {
  const shares = sharesOf(30, 8); // 4 4 4 4 4 4 3 3
  const work: Work = { kind: 'gradient', step: 0, epoch: 0, version: 0, node: rootOf(8), shares };

  it('hold whole micro-shards, as many as have room, and say where each ends', () => {
    assert.deepEqual(deviceBatches(work, 0, 12), [
      { first: 0, bundles: [4, 4, 4], rows: 12, slot: 0, leafEnds: [4, 8, 12] },
      { first: 3, bundles: [4, 4, 4], rows: 12, slot: 12, leafEnds: [4, 8, 12] },
      { first: 6, bundles: [3, 3], rows: 6, slot: 24, leafEnds: [3, 6] },
    ]);
    assert.deepEqual(
      deviceBatches(work, 0, 30).map(({ bundles }) => bundles),
      [shares],
    );
    assert.equal(deviceBatches(work, 0, 1).length, 8);
  });

  it('have room for 2 GiB between layers, or what SHOAL_DEVICE_GIB says', () => {
    const shapes = { image: { shape: [1024, 1024], dtype: 'f32' }, y: { shape: [1024, 1024], dtype: 'f32' } } as const;
    assert.equal(mostRows(shapes, {}), 256);
    assert.equal(mostRows(shapes, { SHOAL_DEVICE_GIB: '16' }), 2048);
    assert.equal(mostRows(shapes, { SHOAL_DEVICE_GIB: '0.001' }), 1);
    for (const wrong of ['0', '-1', 'all'])
      assert.throws(() => mostRows(shapes, { SHOAL_DEVICE_GIB: wrong }), { code: 'SHOAL_USAGE' });
  });
});
