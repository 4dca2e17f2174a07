// activation.ts: a function of each value by itself, or softmax over the last axis. Not the ones with weights (PReLU).
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { activationName, base } from './common.ts';
import type { LayerStatics } from './kind.ts';

const config = strict({ ...base, activation: activationName });
export type ActivationConfig = z.infer<typeof config>;

export const activation: LayerStatics<ActivationConfig> = {
  className: 'Activation',
  config,
  arity: [1, 1],
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
};
