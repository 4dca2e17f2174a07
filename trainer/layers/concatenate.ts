// concatenate.ts: tensors side by side along one axis. It computes nothing.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { move, stridesOf, type View, viewed } from '../strided.ts';
import type { Tensor } from '../tensor.ts';
import { base, optionError, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, axis: z.int().default(-1) });
export type ConcatenateConfig = z.infer<typeof config>;

/** An axis of the batch's shape as one behind the batch axis. @throws SHOAL_MODEL for the batch axis, and beyond the last */
export function axisBehind(name: string, axis: number, rank: number): number {
  const behind = axis < 0 ? axis + rank : axis - 1;
  if (behind >= 0 && behind < rank) return behind;
  throw optionError(name, `axis ${axis}`, `from 1 to ${rank}, or from -1 to -${rank}`, 'Axis 0 is the batch.');
}

export const concatenate: LayerKind<ConcatenateConfig> = {
  className: 'Concatenate',
  config,
  arity: [1, Number.POSITIVE_INFINITY],
  shape(c, inputs) {
    const { shape } = inputs[0]!;
    const axis = axisBehind(c.name, c.axis, shape.length);
    const fits = (spec: TensorSpec) =>
      spec.shape.length === shape.length && spec.shape.every((n, i) => i === axis || n === shape[i]);
    if (!inputs.every(fits))
      throw shapeError(c.name, inputs, 'equal sizes along every other axis', 'Pad or crop them.');
    const length = inputs.reduce((sum, spec) => sum + spec.shape[axis]!, 0);
    return { shape: shape.map((n, i) => (i === axis ? length : n)) };
  },
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const y = f.output();
    const axis = axisBehind(c.name, c.axis, y.shape.length);
    const starts = f.inputs.map((_, i) => f.inputs.slice(0, i).reduce((sum, x) => sum + x.shape[axis]!, 0));
    const part = (whole: Tensor, i: number): View => partOf(build, whole, axis, starts[i]!);
    f.inputs.forEach((x, i) => {
      move(build, x.shape, viewed(build, x), part(y, i), i > 0);
    });
    return {
      output: y,
      backward(g) {
        f.inputs.forEach(({ shape }, i) => {
          if (g.wants(i)) move(build, shape, part(g.dY, i), viewed(build, g.dInput(i)));
        });
      },
    };
  },
};

const partOf = (build: PlanBuilder, whole: Tensor, axis: number, start: number): View => {
  const strides = stridesOf(whole);
  return viewed(build, whole, strides, start * strides[axis]!);
};
