// activate.ts: an activation behind what a layer computed, and its gradient. Used by every layer that has one. Not the functions (activations.ts).
import type { Tensor } from '../tensor.ts';
import { type ActivationName, activations } from './activations.ts';
import type { Backward, Forward } from './kind.ts';

/** Kernel code of the activations that gemm and conv apply as they store. */
export const fusedActivation = (name: ActivationName, f: Forward): 0 | 1 =>
  name === 'relu' && !f.deferActivation ? 1 : 0;

/** What a layer gives behind its activation. */
export interface Activated {
  readonly output: Tensor;
  /** As in Emitted. */
  readonly relu: boolean;
  /** Turns g.dY, in place, into the gradient of what was activated. Does nothing where that is already so. */
  undo(g: Backward): void;
}

/**
 * Ends a layer's forward calls: `output` is the activation of `x`, which lies in `to` (default x: in place where the gradient can do
 * without x). The kernel that made x applied relu itself where fusedActivation says so. `to` has the halo that readers need.
 */
export function activated(name: ActivationName, f: Forward, x: Tensor, to: Tensor = x): Activated {
  const { build } = f;
  const activation = activations[name];
  const fused = fusedActivation(name, f) === 1;
  if (activation === null || f.deferActivation || fused) {
    if (to !== x) build.copy(x, to);
    const undo = (g: Backward) => {
      if (fused && !g.masked) activation?.backward(build, g.dY, to, g.dY);
    };
    return { output: to, relu: fused, undo };
  }
  const keep = f.training && activation.from === 'x';
  const output = keep && to === x ? f.output() : to;
  activation.forward(build, x, output);
  return {
    output,
    relu: false,
    undo: (g) => activation.backward(build, g.dY, activation.from === 'x' ? x : output, g.dY),
  };
}
