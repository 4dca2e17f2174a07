// relu.ts: Keras' ReLU layer: relu with a maximum, a slope below its threshold, and that threshold. Not leaky-relu.ts, nor PReLU.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { emitActivation } from './activation.ts';
import { rectify } from './activations.ts';
import { base } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({
  ...base,
  max_value: z.number().positive().nullable().default(null),
  negative_slope: z.number().min(0).default(0),
  threshold: z.number().min(0).default(0),
});
export type ReluConfig = z.infer<typeof config>;

export const relu: LayerKind<ReluConfig> = {
  className: 'ReLU',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (c, f) => emitActivation(rectify(c.negative_slope, c.threshold, c.max_value ?? undefined), f),
};
