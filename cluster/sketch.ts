// sketch.ts: sums as a few hundred numbers, from which the distance of two of them can be told within some per cent: what the joining gate
// compares where bits may differ. Not what is compared: reference.ts.

/** The distance that is told is off by about sqrt(1 / (2 x BUCKETS)) of itself: 3 %. */
const BUCKETS = 512;

/** A bijection of 32-bit numbers that leaves no pattern (the finalizer of MurmurHash3, by A. Appleby). */
function scrambled(i: number): number {
  let h = i + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Each element is added to one of the buckets, with a sign, both as its place says: the squares of the difference of two sketches add up,
 * on average, to those of the difference of the vectors (M. Charikar, K. Chen, M. Farach-Colton, "Finding frequent items in data
 * streams", 2002).
 */
export function sketchOf(values: Float32Array): readonly number[] {
  const buckets = new Float64Array(BUCKETS);
  for (let i = 0; i < values.length; i++) {
    const h = scrambled(i);
    buckets[h & (BUCKETS - 1)]! += h < 0 ? -values[i]! : values[i]!;
  }
  return [...buckets];
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

/**
 * The norm of what two sketches differ by over the norm of what was expected; of several in one, one after another, the largest.
 * Infinite where they are not as long. NaN where one of them is not finite.
 */
export function differenceOf(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let from = 0; from < expected.length; from += BUCKETS) {
    const ours = expected.slice(from, from + BUCKETS);
    const off = norm(ours.map((x, i) => x - got[from + i]!));
    const difference = off === 0 ? 0 : off / norm(ours);
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(largest)) return largest;
  }
  return largest;
}
