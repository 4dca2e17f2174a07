// activations.ts: every activation by its Keras name, one line each, for all layers that have one. Not where they are applied (activate.ts).
import type { Floats, Ints } from '../../kernels/abi.ts';
import type { KernelName } from '../../kernels/signatures.ts';
import { elements } from '../model.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { hasHalo, type Tensor, viewOf } from '../tensor.ts';

/** A function of a tensor's values, and its gradient. */
export interface Activation {
  /** What the gradient is computed from: 'y' lets the result take its argument's place. */
  readonly from: 'x' | 'y';
  /** y = f(x); may be one tensor. */
  forward(build: PlanBuilder, x: Tensor, y: Tensor): void;
  /** dX = dY f'(x), `v` being x or y as `from` says; dX may be dY. */
  backward(build: PlanBuilder, dY: Tensor, v: Tensor, dX: Tensor): void;
}

/** Kernels NAME and NAME_backward that map views: signatures.ts, `map`, `slopeOfX`, `slopeOfY`. */
type Mapped = {
  [K in KernelName]: Ints<K> extends Ints<'relu'> ? (`${K}_backward` extends KernelName ? K : never) : never;
}[KernelName];

/** An activation by its kernels, which share their own numbers. */
export function mapped<K extends Mapped>(kernel: K, from: 'x' | 'y', floats: Floats<K>): Activation {
  return {
    from,
    forward(build, x, y) {
      const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
      build.call(
        kernel as 'relu',
        { x: build.at(x), y: build.at(y) },
        { ...viewOf(x, y), ...strides },
        floats as object,
      );
    },
    backward(build, dY, v, dX) {
      // the kernel calls its second operand what it reads: a rectify_backward is told "x", which may be y (see rectify below)
      const name = kernel === 'rectify' ? 'x' : from;
      const operands = { dy: build.at(dY), [name]: build.at(v), dx: build.at(dX) };
      const strides = {
        dyImage: dY.imageStride,
        dyRow: dY.rowStride,
        [`${name}Image`]: v.imageStride,
        [`${name}Row`]: v.rowStride,
        dxImage: dX.imageStride,
        dxRow: dX.rowStride,
      };
      const ints = { ...viewOf(dY, v, dX), ...strides };
      build.call(`${kernel}_backward` as 'relu_backward', operands as never, ints as never, floats as object);
    },
  };
}

/** Softmax or its logarithm over the last axis. The kernel knows rows of a matrix: what has a halo goes through a compact copy. */
function rows(kernel: 'softmax' | 'log_softmax'): Activation {
  const through = (build: PlanBuilder, to: Tensor, emit: (compact: Tensor, m: number, C: number) => void) => {
    const result = hasHalo(to.halo) ? build.tensor(to.shape) : to;
    const C = to.shape.at(-1)!;
    emit(result, elements(to.shape) / C, C);
    if (result !== to) build.copy(result, to);
  };
  return {
    from: 'y',
    forward(build, x, y) {
      const source = build.compact(x);
      through(build, y, (result, m, C) =>
        build.call(kernel, { x: build.at(source), y: build.at(result) }, { m, C, ldx: C, ldy: C }, {}),
      );
    },
    backward(build, dY, v, dX) {
      const [from, of] = [build.compact(dY), build.compact(v)];
      through(build, dX, (result, m, C) => {
        const operands = { dy: build.at(from), y: build.at(of), dx: build.at(result) };
        build.call(`${kernel}_backward`, operands, { m, C, lddy: C, ldy: C, lddx: C }, {});
      });
    },
  };
}

/** Stands for "no maximum" in the kernels: NaN and infinity pass. */
const NO_MAX = Number.POSITIVE_INFINITY;

/**
 * min(x, max) where x > threshold, else slope (x - threshold): Keras' ReLU, relu6 and leaky_relu. Where the sign of y is that of x,
 * and y reaches max when x does, the kernel finds the gradient from y just as well, and no x need be kept.
 */
export function rectify(slope: number, threshold = 0, max = NO_MAX): Activation {
  if (slope === 0 && threshold === 0 && max === NO_MAX) return activations.relu;
  return mapped('rectify', threshold === 0 && slope >= 0 && max > 0 ? 'y' : 'x', { slope, threshold, max });
}

/** scale x where x > 0, else scale alpha (exp(x) - 1). From y, whose sign is that of x only while alpha is not negative. */
export const elu = (alpha: number, scale = 1): Activation => mapped('elu', 'y', { alpha, scale });

/** By Keras' names. gelu is the exact form; gelu_approximate, by tanh, is named as in keras_hub. */
export const activations = {
  elu: elu(1),
  exponential: mapped('exponential', 'y', {}),
  gelu: mapped('gelu', 'x', {}),
  gelu_approximate: mapped('gelu_approximate', 'x', {}),
  hard_sigmoid: mapped('hard_sigmoid', 'y', {}),
  hard_silu: mapped('hard_silu', 'x', {}),
  leaky_relu: mapped('rectify', 'y', { slope: 0.2, threshold: 0, max: NO_MAX }),
  linear: null,
  log_softmax: rows('log_softmax'),
  mish: mapped('mish', 'x', {}),
  relu: mapped('relu', 'y', {}),
  relu6: mapped('rectify', 'y', { slope: 0, threshold: 0, max: 6 }),
  // Klambauer et al. 2017, as Keras rounds them
  selu: elu(1.6732632423543772, 1.0507009873554805),
  sigmoid: mapped('sigmoid', 'y', {}),
  silu: mapped('silu', 'x', {}),
  softmax: rows('softmax'),
  softplus: mapped('softplus', 'x', {}),
  softsign: mapped('softsign', 'y', {}),
  tanh: mapped('tanh', 'y', {}),
} as const satisfies Readonly<Record<string, Activation | null>>;

export type ActivationName = keyof typeof activations;

/** Keras' other names. */
export const otherNames: Readonly<Record<string, ActivationName>> = { swish: 'silu', hard_swish: 'hard_silu' };
