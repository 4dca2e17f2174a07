// rates.ts: learning rates that differ from layer to layer: the factor of each weight, and the numbers of a step for each factor. What an
// optimizer does with them: optimizers/.
import type { Job } from './job.ts';
import { matches } from './layer-patterns.ts';
import type { Segment } from './model.ts';
import type { AnyOptimizer, CommonConfig } from './optimizers/kind.ts';

/** Bytes of one factor's numbers in the bindings' space `step`: the divisor, the rate, what the optimizer makes of it. */
export const BLOCK_BYTES = 64;

/** The weights, each with the factor of its layer: that of the last pattern which names it. */
export const withRates = (segments: readonly Segment[], rates: Job['rates']): readonly Segment[] =>
  segments.map((segment) => {
    const layer = segment.path.slice(0, segment.path.lastIndexOf('/'));
    const rate = rates.findLast(({ layers }) => matches(layers, layer))?.factor ?? 1;
    return rate === 1 ? segment : { ...segment, rate };
  });

/** The factors of all weights, each once; 1 is the first. */
export const factorsOf = (segments: readonly Segment[]): readonly number[] => [
  ...new Set([1, ...segments.map(({ rate = 1 }) => rate)]),
];

/**
 * A step's numbers for each factor, from those for 1: [divisor, rate, what the optimizer makes of it]. Of these the rate alone is needed
 * (as f32, which is what travels), so that whoever owns some weights makes the same numbers.
 * @param step counted from 1
 */
export function blocksOf(
  optimizer: AnyOptimizer,
  config: CommonConfig,
  base: readonly number[],
  factors: readonly number[],
  step: number,
): readonly (readonly number[])[] {
  const [divisor, rate] = base as [number, number];
  return factors.map((factor) => {
    if (factor === 1) return base;
    const own = Math.fround(rate) * factor;
    return [divisor, own, ...(optimizer.scalars?.(config, own, step) ?? [])];
  });
}
