// shares.test.ts: how leaves are split among workers by what a leaf takes each.
import assert from 'node:assert/strict';
import { draws, unit } from '../../base/random.ts';
import { smoothed, speedShares } from '../../cluster/shares.ts';
import { cover } from '../../trainer/tree.ts';

describe('shares of a step', () => {
  const sizes = (count: number, times: readonly (number | null)[]) =>
    speedShares(count, times).map(({ from, to }) => to - from);

  const cases: readonly [count: number, times: (number | null)[], shares: number[], nodes: number][] = [
    [32, [10, 10.9], [16, 16], 2],
    [32, [16, 10], [16, 16], 2], // a fifth longer than 13 and 19 would take
    [32, [10, 20], [20, 12], 4],
    [32, [10, 10.9, 9.2, 10.1], [8, 8, 8, 8], 4],
    [32, [10, 10, 10], [12, 12, 8], 5],
    [12, [null, null, null], [4, 4, 4], 3],
    [12, [20, 10, null], [3, 6, 3], 6],
    [5, [null, null], [3, 2], 4],
    [6, [null, null], [3, 3], 4],
    [60, [null, null], [32, 28], 4],
    [4, [10, 10, 10], [2, 1, 1], 3],
    [32, [1, 1000], [31, 1], 6],
    [2, [1, 1000, 1], [1, 0, 1], 2],
    [3, [1, 1000, 1], [1, 1, 1], 3],
    [0, [1, 2], [0, 0], 0],
  ];
  for (const [count, times, shares, nodes] of cases)
    it(`of ${count} leaves that take ${times.join(', ')} ms are ${shares.join(', ')}: ${nodes} nodes`, () => {
      assert.deepEqual(sizes(count, times), shares);
      assert.equal(speedShares(count, times).flatMap(({ from, to }) => cover(from, to)).length, nodes);
    });

  it('are disjoint and all there is, leave nobody out while there are enough, and are no smaller for being faster: 1,000 random splits', () => {
    const random = draws([7, 0], 0, 0, 0);
    for (let i = 0; i < 1000; i++) {
      const count = random(3 * i) % 70;
      const times = Array.from(
        { length: 1 + (random(3 * i + 1) % 9) },
        (_, j) => 20 + 80 * unit(random(10_000 + 9 * i + j)),
      );
      const blocks = speedShares(count, times).flatMap(({ from, to }) =>
        Array.from({ length: to - from }, (_, j) => from + j),
      );
      assert.deepEqual(
        blocks.sort((a, b) => a - b),
        Array.from({ length: count }, (_, j) => j),
      );
      const shares = sizes(count, times);
      if (count >= times.length) assert.ok(Math.min(...shares) >= 1);
      for (const [a, fast] of times.entries())
        for (const [b, slow] of times.entries())
          if (2 * fast < slow) assert.ok(shares[a]! >= shares[b]!, `${count} ${times} ${shares}`);
    }
  });

  it('times of late count most', () => {
    let ms: number | null = null;
    for (const time of [10, 10, 50, 50, 50]) ms = smoothed(ms, time);
    assert.ok(ms! > 30 && ms! < 50);
  });
});
