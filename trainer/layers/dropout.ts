// dropout.ts: in training, zeroes a share `rate` of the values and scales the others by 1 / (1 - rate). Not spatial dropout.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { base, off } from './common.ts';
import type { LayerStatics } from './kind.ts';

const config = strict({
  ...base,
  rate: z.number().min(0).lt(1),
  seed: z.null("null: the job's seed decides what is dropped").default(null),
  noise_shape: off,
});
export type DropoutConfig = z.infer<typeof config>;

export const dropout: LayerStatics<DropoutConfig> = {
  className: 'Dropout',
  config,
  arity: [1, 1],
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
};
