// leaky-relu.ts: x where x > 0, else negative_slope x. The slope is fixed: prelu.ts learns it.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { emitActivation } from './activation.ts';
import { rectify } from './activations.ts';
import { base } from './common.ts';
import type { LayerKind } from './kind.ts';

/** `alpha` is what Keras 2 and tfjs call the slope. */
const config = strict({
  ...base,
  negative_slope: z.number().min(0).optional(),
  alpha: z.number().min(0).optional(),
}).transform(({ alpha, negative_slope = alpha ?? 0.3, ...rest }) => ({ ...rest, negative_slope }));
export type LeakyReluConfig = z.infer<typeof config>;

export const leakyRelu: LayerKind<LeakyReluConfig> = {
  className: 'LeakyReLU',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (c, f) => emitActivation(rectify(c.negative_slope), f),
};
