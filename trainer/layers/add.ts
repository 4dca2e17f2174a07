// add.ts: the sum of two or more tensors, broadcast to one shape. Other ways to make one of several: merge.ts.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { combine, constant, spread, viewed } from '../strided.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { base, shapeText } from './common.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';
import { mergedShape, passBack } from './merge.ts';

const config = strict(base);
export type AddConfig = z.infer<typeof config>;

export const add: LayerKind<AddConfig> = {
  className: 'Add',
  config,
  arity: [2, Number.POSITIVE_INFINITY],
  passesMask: true,
  shape: (c, inputs) => ({ shape: mergedShape(c.name, inputs) }),
  weights: () => [],
  emit(_, f) {
    const { build } = f;
    const y = f.output();
    const same = (t: Tensor): boolean => shapeText(t.shape) === shapeText(y.shape);
    const sum = (a: Tensor, b: Tensor) => {
      if (!same(a) || !same(b)) {
        const [left, right] = [spread(build, a, y.shape), spread(build, b, y.shape)];
        combine(build, 'add', y.shape, left, right, viewed(build, y));
        return;
      }
      const strides = { aImage: a.imageStride, aRow: a.rowStride, bImage: b.imageStride, bRow: b.rowStride };
      const ints = { ...viewOf(a, b, y), ...strides, yImage: y.imageStride, yRow: y.rowStride };
      build.call('add', { a: build.at(a), b: build.at(b), y: build.at(y) }, ints, {});
    };
    const [first, second, ...rest] = f.inputs as [Tensor, Tensor, ...Tensor[]];
    sum(first, second);
    for (const x of rest) sum(y, x);
    return { output: y, backward: (g) => spreadGradient(f, g, same) };
  },
};

/** Layers turn gradients around in place: each input gets its own copy, but for the last of y's shape, which may have dY itself. */
function spreadGradient(f: Forward, g: Backward, same: (t: Tensor) => boolean): void {
  const wanted = [...f.inputs.keys()].filter((i) => g.wants(i));
  const whole = wanted.filter((i) => same(f.inputs[i]!));
  for (const i of wanted) if (!whole.includes(i)) passBack(f, g, i, constant(f.build, 1, f.spec.shape.length));
  for (const i of whole.slice(0, -1)) f.build.copy(g.dY, g.dInput(i));
  if (whole.length > 0) g.pass(whole.at(-1)!, g.dY);
}
