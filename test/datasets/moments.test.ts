// moments.test.ts: sums of samples' values, for mean and deviation, against plain sums. The kernel by itself: test/kernels/pixels.test.ts.
import assert from 'node:assert/strict';
import { addMoments, meanAndDeviation, momentsOf, NO_MOMENTS } from '../../datasets/prepare/moments.ts';
import { noise } from '../cases/kernel.ts';

const bytesOf = (length: number): Uint8Array => Uint8Array.from(noise(length, 5), (value) => 128 * (value + 1));

/** Sums of each channel, by whole numbers without bounds. */
const plain = (values: Uint8Array, channels: number, power: bigint): number[] => {
  const sums = new Array<bigint>(channels).fill(0n);
  values.forEach((value, i) => {
    sums[i % channels]! += BigInt(value) ** power;
  });
  return sums.map(Number);
};

describe('moments', () => {
  for (const [pixels, channels] of [
    [1, 1],
    [70_000, 1],
    [149_999, 3],
    [49_153, 4],
    [28, 28],
    [50, 4096],
  ] as const)
    it(`of ${pixels} pixels of ${channels} bytes are the sums of whole numbers, to the last digit`, () => {
      const values = bytesOf(pixels * channels);
      const moments = momentsOf(values, channels);
      assert.equal(moments.count, pixels);
      assert.deepEqual(moments.sums, plain(values, channels, 1n));
      assert.deepEqual(moments.squares, plain(values, channels, 2n));
    });

  it('of floats and of bytes with the same values are the same', () => {
    const values = bytesOf(999);
    assert.deepEqual(momentsOf(Float32Array.from(values), 3), momentsOf(values, 3));
  });

  it('are none of rows that are too long to be channels, and of no values', () => {
    assert.equal(momentsOf(new Uint8Array(4097), 4097), NO_MOMENTS);
    assert.equal(momentsOf(new Uint8Array(0), 0), NO_MOMENTS);
  });

  it('are added where they have as many channels as the first that has any', () => {
    const [grey, colour] = [Uint8Array.of(10, 20), Uint8Array.of(1, 2, 3)];
    const all = [NO_MOMENTS, momentsOf(grey, 1), momentsOf(colour, 3), momentsOf(grey, 1)];
    assert.deepEqual(addMoments(all), { count: 4, sums: [60], squares: [1000] });
    assert.deepEqual(meanAndDeviation(addMoments(all), 1), { mean: [15], std: [5] });
  });
});
