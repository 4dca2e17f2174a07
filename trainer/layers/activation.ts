// activation.ts: a function of each value by itself, or softmax over the last axis. Not the ones with weights (PReLU).
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { activate, activateBackward } from './activate.ts';
import { activationName, base } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, activation: activationName });
export type ActivationConfig = z.infer<typeof config>;

export const activation: LayerKind<ActivationConfig> = {
  className: 'Activation',
  config,
  arity: [1, 1],
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit(c, f) {
    const x = f.inputs[0]!;
    if (c.activation === 'linear' || f.deferActivation) {
      return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
    }
    const y = f.output();
    activate(c.activation, f, x, y);
    return {
      output: y,
      backward: (g) => g.wants(0) && activateBackward(c.activation, g, f, y, g.dInput(0)),
    };
  },
};
