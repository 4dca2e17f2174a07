// chance.ts: what transforms draw: numbers of a step's sample, in order, from the counter-based words of base/random.ts. Holds no state but a place.
import { draws, type Seed, unit } from '../../base/random.ts';
import { cosineSine, log, pow } from '../../base/scalar.ts';

/** Draws one after another. Their number does not change what other samples draw. */
export interface Chance {
  /** From 0 up to below 1. */
  unit(): number;
  uniform(low: number, high: number): number;
  /** From 0 to n - 1. */
  integer(n: number): number;
  happens(probability: number): boolean;
  normal(): number;
  /** Of the gamma distribution of scale 1. */
  gamma(shape: number): number;
  /** The numbers 0 to n - 1 in random order. */
  order(n: number): number[];
}

/**
 * @param place of the sample in the global batch
 * @param site which transform draws, beside others
 * @param step of the run
 */
export function chanceOf(seed: Seed, place: number, site: number, step: number): Chance {
  const word = draws(seed, place, site, step);
  let next = 0;
  const chance: Chance = {
    unit: () => unit(word(next++)),
    uniform: (low, high) => low + (high - low) * chance.unit(),
    integer: (n) => Math.floor((word(next++) * n) / 2 ** 32),
    happens: (probability) => chance.unit() < probability,
    // Box and Muller
    normal: () => Math.sqrt(-2 * log(1 - chance.unit())) * cosineSine(chance.unit())[0],
    gamma(shape) {
      if (shape < 1) return chance.gamma(shape + 1) * pow(1 - chance.unit(), 1 / shape);
      // Marsaglia and Tsang, "A simple method for generating gamma variables" (2000)
      const d = shape - 1 / 3;
      for (;;) {
        const x = chance.normal();
        const t = 1 + x / Math.sqrt(9 * d);
        const v = t * t * t; // not a power: engines differ
        if (v > 0 && log(1 - chance.unit()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
      }
    },
    order(n) {
      const order = Array.from({ length: n }, (_, i) => i);
      for (let last = n - 1; last > 0; last--) {
        const other = chance.integer(last + 1);
        [order[last], order[other]] = [order[other]!, order[last]!];
      }
      return order;
    },
  };
  return chance;
}
