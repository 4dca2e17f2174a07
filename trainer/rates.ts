// rates.ts: learning rates that differ from layer to layer: the factor of each weight. What a step makes of a factor: step-scalars.ts.
import type { Job } from './job.ts';
import { matches } from './layer-patterns.ts';
import type { Segment } from './model.ts';

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
