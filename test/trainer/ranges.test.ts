// ranges.test.ts: the flat vector cut into ranges of blocks.
import assert from 'node:assert/strict';
import { UPDATE_BLOCK } from '../../kernels/signatures/blocks.ts';
import type { Segment } from '../../trainer/model.ts';
import { blocksOf, rangesOf } from '../../trainer/ranges.ts';

const segments = (...lengths: number[]): Segment[] =>
  lengths.map((length, i) => ({ path: `${i}/kernel`, shape: [length], length, flat: 0, at: 0 }));
const vectors = [
  segments(1),
  segments(UPDATE_BLOCK),
  segments(UPDATE_BLOCK + 1, 7),
  segments(3, 9 * UPDATE_BLOCK, 3, 2 * UPDATE_BLOCK - 1, 10),
];

describe('ranges of the flat vector', () => {
  it('own each block of each tensor once, in order', () => {
    for (const vector of vectors)
      for (const count of [1, 2, 3, 5, 8]) {
        const ranges = rangesOf(vector, count);
        assert.equal(ranges.length, count);
        const owners = ranges.flatMap((range, owner) =>
          range.flatMap(({ from, to }, s) =>
            Array.from({ length: to - from }, (_, i) => ({ s, block: from + i, owner })),
          ),
        );
        const blocks = vector.flatMap((segment, s) =>
          Array.from({ length: blocksOf(segment) }, (_, block) => ({ s, block })),
        );
        assert.deepEqual(
          owners.map(({ s, block }) => ({ s, block })),
          blocks,
        );
      }
  });

  it('differ by one block at most', () => {
    for (const vector of vectors)
      for (const count of [1, 2, 3, 5, 8]) {
        const sizes = rangesOf(vector, count).map((range) => range.reduce((sum, { from, to }) => sum + to - from, 0));
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
      }
  });

  it('cut inside a tensor at a block of its own, counted from its start', () => {
    assert.deepEqual(rangesOf(segments(10, 3 * UPDATE_BLOCK), 2), [
      [
        { from: 0, to: 1 },
        { from: 0, to: 1 },
      ],
      [
        { from: 1, to: 1 },
        { from: 1, to: 3 },
      ],
    ]);
  });
});
