// softmax.ts: softmax over one axis, as a layer. The activation "softmax" is over the last one.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { emitActivation } from './activation.ts';
import { activations } from './activations.ts';
import { base } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, axis: z.literal(-1, '-1: the last axis').default(-1) });
export type SoftmaxConfig = z.infer<typeof config>;

export const softmax: LayerKind<SoftmaxConfig> = {
  className: 'Softmax',
  config,
  arity: [1, 1],
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (_, f) => emitActivation(activations.softmax, f),
};
