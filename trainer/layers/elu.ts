// elu.ts: x where x > 0, else alpha (exp(x) - 1). Its scaled form is the activation selu.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { emitActivation } from './activation.ts';
import { elu as eluOf } from './activations.ts';
import { base } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, alpha: z.number().min(0).default(1) });
export type EluConfig = z.infer<typeof config>;

export const elu: LayerKind<EluConfig> = {
  className: 'ELU',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (c, f) => emitActivation(eluOf(c.alpha), f),
};
