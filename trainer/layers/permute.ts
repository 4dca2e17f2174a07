// permute.ts: layers that put values elsewhere: Permute changes the order of axes, RepeatVector repeats a row. Same order: reshape.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constant, move, productInto, spread, stridesOf, viewed } from '../strided.ts';
import { base, optionError, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

/** dims: counted from 1, the first axis behind the batch. */
const config = strict({ ...base, dims: z.array(z.int().positive()).min(1) });
export type PermuteConfig = z.infer<typeof config>;

/** Axis i of the result is axis from[i] of the input, from 0. @throws SHOAL_MODEL */
function sources({ name, dims }: PermuteConfig, rank: number): readonly number[] {
  const from = dims.map((dim) => dim - 1);
  const axes = [...from].sort((a, b) => a - b);
  if (axes.length === rank && axes.every((axis, i) => axis === i)) return from;
  const got = `dims ${JSON.stringify(dims)} for ${rank} axes behind the batch`;
  throw optionError(name, got, `each of 1 to ${rank} once`, 'The batch axis stays where it is.');
}

export const permute: LayerKind<PermuteConfig> = {
  className: 'Permute',
  config,
  arity: [1, 1],
  shape: (c, inputs) => ({ shape: sources(c, inputs[0]!.shape.length).map((axis) => inputs[0]!.shape[axis]!) }),
  weights: () => [],
  emit(c, f) {
    const { build, spec } = f;
    const x = f.inputs[0]!;
    const y = f.output();
    const from = sources(c, x.shape.length);
    const seen = (t: typeof x) =>
      viewed(
        build,
        t,
        from.map((axis) => stridesOf(t)[axis]!),
      );
    move(build, spec.shape, seen(x), viewed(build, y));
    return {
      output: y,
      backward(g) {
        if (g.wants(0)) move(build, spec.shape, viewed(build, g.dY), seen(g.dInput(0)));
      },
    };
  },
};

const repeatConfig = strict({ ...base, n: z.int().positive() });
export type RepeatVectorConfig = z.infer<typeof repeatConfig>;

export const repeatVector: LayerKind<RepeatVectorConfig> = {
  className: 'RepeatVector',
  config: repeatConfig,
  arity: [1, 1],
  shape({ name, n }, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length !== 1) throw shapeError(name, inputs, 'a row (features)', 'Flatten it first.');
    return { shape: [n, shape[0]!] };
  },
  weights: () => [],
  emit(_, f) {
    const { build, spec } = f;
    const y = f.output(); // (n, features)
    move(build, spec.shape, spread(build, f.inputs[0]!, spec.shape), viewed(build, y));
    return {
      output: y,
      backward(g) {
        if (!g.wants(0)) return;
        const to = spread(build, g.dInput(0), spec.shape);
        productInto(build, spec.shape, viewed(build, g.dY), constant(build, 1, 2), to);
      },
    };
  },
};
