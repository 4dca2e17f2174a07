// activation.ts: a function of each value by itself, or softmax over the last axis; and layers that are one. Not the ones with weights (PReLU).
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { type Activation, activations } from './activations.ts';
import { activationName, base } from './common.ts';
import type { Emitted, Forward, LayerKind } from './kind.ts';

const config = strict({ ...base, activation: activationName });
export type ActivationConfig = z.infer<typeof config>;

export const activation: LayerKind<ActivationConfig> = {
  className: 'Activation',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (c, f) => emitActivation(activations[c.activation], f),
};

/** The calls of a layer that is nothing but an activation; null is the identity. */
export function emitActivation(activation: Activation | null, f: Forward): Emitted {
  const x = f.inputs[0]!;
  if (activation === null || f.deferActivation) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
  const y = f.output();
  activation.forward(f.build, x, y);
  const v = activation.from === 'x' ? x : y;
  return { output: y, backward: (g) => g.wants(0) && activation.backward(f.build, g.dY, v, g.dInput(0)) };
}
