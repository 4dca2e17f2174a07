// merge.ts: two or more tensors, broadcast to one shape, made one: Subtract, Multiply, Average, Maximum, Minimum. The sum: add.ts.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { combine, constant, move, type Operation, productInto, spread, type View, viewed } from '../strided.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { base, shapeError } from './common.ts';
import type { Backward, Emitted, Forward, LayerKind } from './kind.ts';

const config = strict(base);
export type MergeConfig = z.infer<typeof config>;

/** The shape that all inputs are broadcast to, as numpy does behind the batch axis. @throws SHOAL_SHAPE */
export function mergedShape(name: string, inputs: readonly TensorSpec[]): readonly number[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = inputs.map(({ shape }) => shape[i - rank + shape.length] ?? 1);
    const size = Math.max(...sizes);
    if (sizes.every((n) => n === size || n === 1)) return size;
    const hint = 'Along each axis, counted from the last, sizes are equal or 1.';
    throw shapeError(name, inputs, 'shapes that can be broadcast to one', hint);
  });
}

/** The gradient of input i when it is `factor` times dY: summed over the axes along which the input was broadcast. */
export function passBack(f: Forward, g: Backward, i: number, factor: View): void {
  const { shape } = f.spec;
  const dX = g.dInput(i);
  productInto(f.build, shape, viewed(f.build, g.dY), factor, spread(f.build, dX, shape));
}

/** What a merging layer does with its inputs. */
interface Merging {
  readonly most: number;
  emit(f: Forward): Emitted;
}

function merging(className: string, { most, emit }: Merging): LayerKind<MergeConfig> {
  return {
    className,
    config,
    arity: [2, most],
    passesMask: true,
    shape: (c, inputs) => ({ shape: mergedShape(c.name, inputs) }),
    weights: () => [],
    emit: (_, f) => emit(f),
  };
}

/** y = x0 op x1 op x2 ... Returns what each step gave, the last y. */
function chain(f: Forward, operation: Operation): readonly Tensor[] {
  const { build, inputs } = f;
  const { shape } = f.spec;
  const results: Tensor[] = [];
  for (const [i, x] of inputs.slice(1).entries()) {
    const left = results.at(-1) ?? inputs[0]!;
    const y = i === inputs.length - 2 ? f.output() : build.tensor(shape);
    combine(build, operation, shape, spread(build, left, shape), spread(build, x, shape), viewed(build, y));
    results.push(y);
  }
  return results;
}

const unbounded = Number.POSITIVE_INFINITY;

export const subtract = merging('Subtract', {
  most: 2,
  emit(f) {
    const [output] = chain(f, 'subtract') as [Tensor];
    return {
      output,
      backward(g) {
        for (const i of [0, 1])
          if (g.wants(i)) passBack(f, g, i, constant(f.build, i === 0 ? 1 : -1, f.spec.shape.length));
      },
    };
  },
});

export const average = merging('Average', {
  most: unbounded,
  emit(f) {
    const { build, spec } = f;
    const output = chain(f, 'add').at(-1)!;
    const share = constant(build, 1 / f.inputs.length, spec.shape.length);
    const y = viewed(build, output);
    combine(build, 'multiply', spec.shape, y, share, y);
    return {
      output,
      backward(g) {
        for (const i of f.inputs.keys()) if (g.wants(i)) passBack(f, g, i, share);
      },
    };
  },
});

export const multiply = merging('Multiply', {
  most: unbounded,
  emit(f) {
    const { build, inputs } = f;
    const { shape } = f.spec;
    const products = chain(f, 'multiply'); // products[i] = x0 ... x(i + 1)
    return {
      output: products.at(-1)!,
      // from the last product back: dY is that of products[i], whose factors are products[i - 1] and x(i + 1)
      backward(g) {
        let dY = g.dY;
        for (let i = inputs.length - 1; i > 0; i--) {
          const left = products[i - 2] ?? inputs[0]!;
          const into = (dX: Tensor, other: Tensor) => {
            const [d, o] = [viewed(build, dY), spread(build, other, shape)];
            productInto(build, shape, d, o, spread(build, dX, shape));
          };
          if (g.wants(i)) into(g.dInput(i), left);
          if (i === 1) {
            if (g.wants(0)) into(g.dInput(0), inputs[1]!);
          } else {
            const next = build.tensor(shape);
            into(next, inputs[i]!);
            dY = next;
          }
        }
      },
    };
  },
});

/** dX = dY where x is the same as y (or with others: where not), all of y's shape. */
function pick(build: PlanBuilder, dY: Tensor, x: Tensor, y: Tensor, dX: Tensor, others: 0 | 1): void {
  const operands = { dy: build.at(dY), x: build.at(x), y: build.at(y), dx: build.at(dX) };
  const of = { dyImage: dY.imageStride, dyRow: dY.rowStride, xImage: x.imageStride, xRow: x.rowStride };
  const to = { yImage: y.imageStride, yRow: y.rowStride, dxImage: dX.imageStride, dxRow: dX.rowStride };
  build.call('pick', operands, { ...viewOf(dY, x, y, dX), ...of, ...to, others }, {});
}

/** The greatest or smallest of all; of equal ones the first gets the gradient, as in TensorFlow. */
const extreme = (operation: 'maximum' | 'minimum'): Merging => ({
  most: unbounded,
  emit(f) {
    const { build, inputs } = f;
    const { shape } = f.spec;
    const results = chain(f, operation);
    const full = (x: Tensor): Tensor => {
      if (x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i])) return x;
      const wide = build.tensor(shape);
      move(build, shape, spread(build, x, shape), viewed(build, wide));
      return wide;
    };
    return {
      output: results.at(-1)!,
      backward(g) {
        let dY = g.dY;
        for (let i = inputs.length - 1; i > 0; i--) {
          const left = full(results[i - 2] ?? inputs[0]!);
          const part = (others: 0 | 1): Tensor => {
            const own = build.tensor(shape);
            pick(build, dY, left, results[i - 1]!, own, others);
            return own;
          };
          const give = (which: number, own: Tensor): void => {
            const one = constant(build, 1, shape.length);
            productInto(build, shape, viewed(build, own), one, spread(build, g.dInput(which), shape));
          };
          if (g.wants(i)) give(i, part(1));
          if (i > 1) dY = part(0);
          else if (g.wants(0)) give(0, part(0));
        }
      },
    };
  },
});

export const maximum = merging('Maximum', extreme('maximum'));
export const minimum = merging('Minimum', extreme('minimum'));
