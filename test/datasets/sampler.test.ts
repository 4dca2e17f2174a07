// sampler.test.ts: every sample once an epoch, in an order that only (seed, epoch, step) decides.
import assert from 'node:assert/strict';
import { philox } from '../../base/random.ts';
import { permutation } from '../../datasets/permutation.ts';
import { sampler } from '../../datasets/sampler.ts';

const epochOf = (options: Parameters<typeof sampler>[0], epoch: number): number[] => {
  const { stepsPerEpoch, indices } = sampler(options);
  return Array.from({ length: stepsPerEpoch }, (_, step) => [...indices(epoch, step)]).flat();
};
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('the sampler', () => {
  it('uses every sample once an epoch, the last batch being what is left', () => {
    for (const [length, batch, last] of [
      [100, 32, 4],
      [96, 32, 32],
      [5, 8, 5],
      [1, 1, 1],
      [7, 1, 1],
    ] as const) {
      const { stepsPerEpoch, indices } = sampler({ length, batch, seed: 3, shuffle: true });
      assert.equal(stepsPerEpoch, Math.ceil(length / batch));
      assert.equal(indices(0, stepsPerEpoch - 1).length, last);
      for (const epoch of [0, 1, 5]) {
        const order = epochOf({ length, batch, seed: 3, shuffle: true }, epoch);
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          upTo(length),
        );
      }
    }
  });

  it('answers the same in whatever order it is asked, and the batch only cuts the order', () => {
    const options = { length: 50, batch: 8, seed: 9, shuffle: true };
    const { indices } = sampler(options);
    const late = indices(4, 6);
    const early = indices(0, 0);
    assert.deepEqual([...early], epochOf(options, 0).slice(0, 8));
    assert.deepEqual([...indices(4, 6)], [...late]);
    late.fill(0);
    assert.deepEqual([...indices(4, 6)], epochOf(options, 4).slice(48));
    assert.deepEqual(epochOf({ ...options, batch: 13 }, 4), epochOf(options, 4));
  });

  it('makes another order for each epoch and each seed, above 2^32 too', () => {
    const options = { length: 50, batch: 50, shuffle: true };
    const orders = [0, 1, 2 ** 32, 2 ** 32 + 1].flatMap((seed) =>
      [0, 1].map((epoch) => String(epochOf({ ...options, seed }, epoch))),
    );
    assert.equal(new Set(orders).size, orders.length);
  });

  it('keeps the order of the dataset for evaluation', () => {
    assert.deepEqual(epochOf({ length: 10, batch: 4, seed: 1, shuffle: false }, 3), upTo(10));
  });

  it("is Fisher and Yates' shuffle by Philox words, computed here in integers", () => {
    const length = 1000;
    const order = upTo(length);
    const out = new Uint32Array(4);
    for (let last = length - 1; last > 0; last--) {
      philox([77, 0], last >> 2, 0, 0x10000, 6, out);
      const other = Number((BigInt(out[last & 3]!) * BigInt(last + 1)) >> 32n);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    assert.deepEqual(epochOf({ length, batch: 64, seed: 77, shuffle: true }, 6), order);
  });

  it('reaches all 24 orders of 4 samples alike: chi-squared of 24,000 draws below 49.7 (p = 0.001)', () => {
    const counts = new Map<string, number>();
    const { indices } = sampler({ length: 4, batch: 4, seed: 5, shuffle: true });
    for (let epoch = 0; epoch < 24_000; epoch++) {
      const order = String(indices(epoch, 0));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquared < 49.7, `${chiSquared}`);
  });

  it('takes the extreme words without leaving the range', () => {
    for (const word of [0, 2 ** 32 - 1]) {
      assert.deepEqual([...permutation(9, () => word)].sort(), upTo(9));
    }
  });

  it('refuses steps, epochs, batches and seeds that are not whole or out of range', () => {
    const options = { length: 10, batch: 4, seed: 1, shuffle: true };
    for (const wrong of [{ length: 0 }, { batch: 0 }, { batch: 1.5 }, { seed: -1 }, { seed: 2 ** 53 }]) {
      assert.throws(() => sampler({ ...options, ...wrong }), /SHOAL_DATA_INDEX|choose samples/);
    }
    const { indices } = sampler(options);
    assert.throws(() => indices(0, 3), /step: got 3, expected an integer from 0 to 2/);
    assert.throws(() => indices(-1, 0), /epoch: got -1/);
  });
});
