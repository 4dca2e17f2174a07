// regularizers.ts: penalties on weights by Keras' names: what they are for one weight. Where they act: updates.ts, plan-losses.ts.
import { z } from 'zod';
import { choice } from '../base/choice.ts';
import type { Penalty } from './model.ts';

const amount = (fallback: number) => z.number().nonnegative().default(fallback);

/** A regularizer in a layer's configuration, as a name or as {class_name, config}; null: none. */
export const regularizer = choice('regularizers', {
  L1: { l1: amount(0.01) },
  L2: { l2: amount(0.01) },
  L1L2: { l1: amount(0), l2: amount(0) },
})
  .nullable()
  .default(null);

export type RegularizerConfig = z.output<typeof regularizer>;

/** l1 times the sum of |w|, and l2 times that of w^2; null where that is nothing. */
export function penaltyOf(config: RegularizerConfig): Penalty | null {
  const { l1, l2 } = { l1: 0, l2: 0, ...config?.config };
  return l1 === 0 && l2 === 0 ? null : { l1, l2 };
}
