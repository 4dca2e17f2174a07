// activate.ts: an activation applied where a layer's values already lie, and its gradient. Used by every layer that has one.
import { elements } from '../model.ts';
import { hasHalo, type Tensor, viewOf } from '../tensor.ts';
import type { ActivationName } from './common.ts';
import type { Backward, Forward } from './kind.ts';

/** Kernel code of the activations that gemm and conv apply as they store. */
export const fusedActivation = (name: ActivationName, f: Forward): 0 | 1 =>
  name === 'relu' && !f.deferActivation ? 1 : 0;

const strides = (x: Tensor, y: Tensor) => ({
  ...viewOf(x, y),
  xImage: x.imageStride,
  xRow: x.rowStride,
  yImage: y.imageStride,
  yRow: y.rowStride,
});

/** Rows and columns of a softmax over the last axis. */
function matrix(shape: readonly number[]): { m: number; C: number } {
  const C = shape.at(-1)!;
  return { m: elements(shape) / C, C };
}

/** y = activation(x). x and y may be the same tensor. */
export function activate(name: Exclude<ActivationName, 'linear'>, f: Forward, x: Tensor, y: Tensor): void {
  const { build } = f;
  const operands = { x: build.at(x), y: build.at(y) };
  if (name === 'softmax') softmax(f, x, y);
  else build.call(name, operands, strides(x, y), {});
}

/** The kernel knows rows of a matrix, so what has a halo goes through a compact copy. */
function softmax({ build }: Forward, x: Tensor, y: Tensor): void {
  const { m, C } = matrix(x.shape);
  const from = build.compact(x);
  const to = hasHalo(y.halo) ? build.tensor(y.shape) : y;
  build.call('softmax', { x: build.at(from), y: build.at(to) }, { m, C, ldx: C, ldy: C }, {});
  if (to !== y) build.copy(to, y);
}

function softmaxBackward({ build }: Forward, dY: Tensor, y: Tensor, dX: Tensor): void {
  const { m, C } = matrix(y.shape);
  const [from, of] = [build.compact(dY), build.compact(y)];
  const to = hasHalo(dX.halo) ? build.tensor(dX.shape) : dX;
  const operands = { dy: build.at(from), y: build.at(of), dx: build.at(to) };
  build.call('softmax_backward', operands, { m, C, lddy: C, ldy: C, lddx: C }, {});
  if (to !== dX) build.copy(to, dX);
}

/** Turns the gradient of y into that of what was activated, into `dX` (may be dY itself). */
export function activateBackward(name: ActivationName, g: Backward, f: Forward, y: Tensor, dX: Tensor): void {
  const { build } = f;
  const { dY } = g;
  if (name === 'softmax') {
    softmaxBackward(f, dY, y, dX);
    return;
  }
  const operands = { dy: build.at(dY), y: build.at(y), dx: build.at(dX) };
  const view = {
    ...viewOf(dY, y, dX),
    dyImage: dY.imageStride,
    dyRow: dY.rowStride,
    yImage: y.imageStride,
    yRow: y.rowStride,
    dxImage: dX.imageStride,
    dxRow: dX.rowStride,
  };
  if (name === 'relu') build.call('relu_backward', operands, view, {});
  else if (name === 'sigmoid') build.call('sigmoid_backward', operands, view, {});
  else if (name === 'tanh') build.call('tanh_backward', operands, view, {});
}

/** The same in place: after it, g.dY holds the gradient of what was activated. Nothing to do where that is already so. */
export function deactivate(name: ActivationName, g: Backward, f: Forward, y: Tensor): void {
  if (name === 'linear' || f.deferActivation || g.masked) return;
  activateBackward(name, g, f, y, g.dY);
}
