// random.ts: random numbers from a counter: a pure function of (seed, counter), no state to lose. Not cryptography.

/** Two 32-bit words of a seed. */
export type Seed = readonly [low: number, high: number];

/** Splits a non-negative integer seed below 2^53 into words. */
export const seedWords = (seed: number): Seed => [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];

/** High word of the 64-bit product of two unsigned words. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/**
 * Philox4x32-10: four random words for a counter of four words under a key of two, written to `out`.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 */
export function philox(key: Seed, c0: number, c1: number, c2: number, c3: number, out: Uint32Array): void {
  let k0 = key[0];
  let k1 = key[1];
  let x0 = c0 >>> 0;
  let x1 = c1 >>> 0;
  let x2 = c2 >>> 0;
  let x3 = c3 >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, x0);
    const low0 = Math.imul(0xd2511f53, x0) >>> 0;
    const high1 = mulHigh(0xcd9e8d57, x2);
    const low1 = Math.imul(0xcd9e8d57, x2) >>> 0;
    x0 = (high1 ^ x1 ^ k0) >>> 0;
    x1 = low1;
    x2 = (high0 ^ x3 ^ k1) >>> 0;
    x3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/**
 * What a draw belongs to. The counter is (index / 4, slot, site, step); word index % 4 of the result is the draw.
 * `site` numbers below 2^16 belong to calls of a model; those from SITE on to the purposes below.
 */
export const SITE = {
  shuffle: 0x10000,
  split: 0x10001,
  mask: 0x10002,
  generate: 0x10003,
  strata: 0x10004,
  weights: 0x10005,
  initialize: 0x20000,
  /** And the place of a transform in the job's list. */
  augment: 0x30000,
} as const;

/** A source of words under one (seed, slot, site, step), by index. Sequential reads cost one Philox call in four. */
export function draws(seed: Seed, slot: number, site: number, step: number): (index: number) => number {
  const block = new Uint32Array(4);
  let at = -1;
  return (index) => {
    const counter = Math.floor(index / 4);
    if (counter !== at) {
      philox(seed, counter, slot, site, step, block);
      at = counter;
    }
    return block[index & 3]!;
  };
}

/** A word as a float in [0, 1): its upper 24 bits, so that f32 holds it exactly. */
export const unit = (word: number): number => (word >>> 8) * 2 ** -24;
