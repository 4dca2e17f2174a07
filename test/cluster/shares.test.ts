// shares.test.ts: how leaves are split among workers by what a leaf takes each.
import assert from 'node:assert/strict';
import { draws, unit } from '../../base/random.ts';
import { smoothed, speedShares } from '../../cluster/shares.ts';

describe('shares of a step', () => {
  const cases: readonly [count: number, times: (number | null)[], shares: number[]][] = [
    [12, [null, null, null], [4, 4, 4]],
    [5, [null, null], [3, 2]],
    [4, [10, 10, 10], [2, 1, 1]],
    [32, [10, 10.9, 9.2, 10.1], [8, 8, 8, 8]],
    [12, [10, 20], [8, 4]],
    [12, [20, 10, null], [3, 6, 3]],
    [32, [1, 1000], [28, 4]],
    [2, [1, 1000, 1], [1, 0, 1]],
    [3, [1, 1000, 1], [1, 1, 1]],
    [0, [1, 2], [0, 0]],
  ];
  for (const [count, times, shares] of cases)
    it(`of ${count} leaves that take ${times.join(', ')} ms are ${shares.join(', ')}`, () => {
      assert.deepEqual(speedShares(count, times), shares);
    });

  it('always add up, leave nobody out while there are enough, and are no smaller for being faster: 1,000 random splits', () => {
    const random = draws([7, 0], 0, 0, 0);
    for (let i = 0; i < 1000; i++) {
      const count = random(3 * i) % 70;
      const times = Array.from(
        { length: 1 + (random(3 * i + 1) % 9) },
        (_, j) => 100 * unit(random(10_000 + 9 * i + j)),
      );
      const shares = speedShares(count, times);
      assert.equal(
        shares.reduce((a, b) => a + b, 0),
        count,
      );
      if (count >= times.length) assert.ok(Math.min(...shares) >= 1);
      for (const [a, fast] of times.entries())
        for (const [b, slow] of times.entries()) if (fast < slow) assert.ok(shares[a]! >= shares[b]! - 1);
    }
  });

  it('times of late count most', () => {
    let ms: number | null = null;
    for (const time of [10, 10, 50, 50, 50]) ms = smoothed(ms, time);
    assert.ok(ms! > 30 && ms! < 50);
  });
});
