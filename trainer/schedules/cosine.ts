// cosine.ts: what schedules along a cosine share: the curve, and a linear warm-up before it. No schedule stands here.
import { z } from 'zod';
import { cosineSine } from '../../base/scalar.ts';
import { positive } from './kind.ts';

/** From 1 at 0 to 0 at 1 along half a turn of a cosine. */
export const cosineFall = (fraction: number): number => 0.5 * (1 + cosineSine(fraction / 2)[0]);

/** Steps from initial_learning_rate up to warmup_target, before the decay begins. null: none. */
export const warmUp = {
  warmup_target: positive.nullable().default(null),
  warmup_steps: z.int().nonnegative().default(0),
};

/** The rate while warming up; else the rate and the step that the decay begins with. */
export function warmed(
  c: {
    readonly initial_learning_rate: number;
    readonly warmup_target: number | null;
    readonly warmup_steps: number;
  },
  step: number,
): { readonly rate: number } | { readonly top: number; readonly step: number } {
  const { initial_learning_rate: first, warmup_target: target, warmup_steps: length } = c;
  if (target === null) return { top: first, step };
  return step < length ? { rate: first + (target - first) * (step / length) } : { top: target, step: step - length };
}
