// dot.ts: for each sample, the products of two tensors summed over one axis of each. Products with weights: dense.ts, einsum-dense.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import { move, stridesOf, sumProduct, type View, viewed } from '../strided.ts';
import { hasHalo, type Tensor } from '../tensor.ts';
import { base, shapeError } from './common.ts';
import { axisBehind } from './concatenate.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';
import { emitRows } from './row-normalize.ts';

const axis = z.int();
const config = strict({
  ...base,
  axes: z.union([axis.transform((a) => [a, a] as const), z.tuple([axis, axis])], 'one axis, or one of each input'),
  normalize: z.boolean().default(false),
});
export type DotConfig = z.infer<typeof config>;

/** The summed axis of each input, behind the batch. @throws SHOAL_SHAPE, SHOAL_MODEL */
function axesOf(c: DotConfig, inputs: readonly TensorSpec[]): readonly [number, number] {
  const [left, right] = inputs as [TensorSpec, TensorSpec];
  const axes = [axisBehind(c.name, c.axes[0], left.shape.length), axisBehind(c.name, c.axes[1], right.shape.length)];
  if (left.shape[axes[0]!] !== right.shape[axes[1]!])
    throw shapeError(c.name, inputs, `equal sizes along axes ${c.axes.join(' and ')}`, 'Change the axes.');
  return axes as [number, number];
}

const without = <T>(list: readonly T[], i: number): readonly T[] => [...list.slice(0, i), ...list.slice(i + 1)];

/** One input with the summed axis last, its rows of length 1 where wanted. */
interface Side {
  readonly t: Tensor;
  readonly rest: readonly number[];
  /** Turns the gradient of `t` into the input's. */
  back(g: Backward, dT: Tensor): void;
}

function sideOf(c: DotConfig, f: Forward, i: 0 | 1, at: number): Side {
  const { build } = f;
  const x = f.inputs[i]!;
  const rest = without(x.shape, at);
  const K = x.shape[at]!;
  const shape = [...rest, K];
  const moved = build.tensor(shape);
  const seen = (t: Tensor): View => viewed(build, t, [...without(stridesOf(t), at), stridesOf(t)[at]!]);
  move(build, shape, seen(x), viewed(build, moved));
  const back = (g: Backward, dT: Tensor): void => move(build, shape, viewed(build, dT), seen(g.dInput(i)));
  if (!c.normalize) return { t: moved, rest, back };
  const options = { C: K, by: 'length', epsilon: 1e-24, gamma: null, beta: null } as const;
  const rows = emitRows({ ...f, inputs: [moved], output: () => build.tensor(shape) }, options);
  return {
    t: rows.output,
    rest,
    back(g, dT) {
      const dMoved = build.tensor(shape);
      rows.backward({ ...g, dY: dT, wants: () => true, dInput: () => dMoved });
      back(g, dMoved);
    },
  };
}

export const dot: LayerKind<DotConfig> = {
  className: 'Dot',
  config,
  arity: [2, 2],
  shape(c, inputs) {
    const [a, b] = axesOf(c, inputs);
    const shape = [...without(inputs[0]!.shape, a), ...without(inputs[1]!.shape, b)];
    return { shape: shape.length > 0 ? shape : [1] };
  },
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const axes = axesOf(c, f.inputs);
    const [left, right] = [sideOf(c, f, 0, axes[0]), sideOf(c, f, 1, axes[1])];
    const [A, B, K] = [left.rest, right.rest, left.t.shape.at(-1)!];
    const all = [...A, ...B, K];
    const none = (axes: readonly number[]) => axes.map(() => 0);
    const a = (t: Tensor): View => viewed(build, t, [...stridesOf(t).slice(0, -1), ...none(B), 1]);
    const b = (t: Tensor): View => viewed(build, t, [...none(A), ...stridesOf(t)]);
    const product = (t: Tensor): View => viewed(build, t, [...(A.length + B.length > 0 ? stridesOf(t) : []), 0]);
    const y = f.output();
    const result = hasHalo(y.halo) ? build.tensor(y.shape) : y;
    sumProduct(build, all, a(left.t), b(right.t), product(result));
    if (result !== y) build.copy(result, y);
    return {
      output: y,
      backward(g) {
        const dY = product(build.compact(g.dY));
        if (g.wants(0)) {
          const dA = build.tensor(left.t.shape);
          sumProduct(build, all, dY, b(right.t), a(dA));
          left.back(g, dA);
        }
        if (g.wants(1)) {
          const dB = build.tensor(right.t.shape);
          sumProduct(build, all, dY, a(left.t), b(dB));
          right.back(g, dB);
        }
      },
    };
  },
};
