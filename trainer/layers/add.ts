// add.ts: the sum of two or more tensors of one shape. It does not broadcast.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { base, shapeError, shapeText } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict(base);
export type AddConfig = z.infer<typeof config>;

export const add: LayerKind<AddConfig> = {
  className: 'Add',
  config,
  arity: [2, Number.POSITIVE_INFINITY],
  shape(c, inputs) {
    const first = shapeText(inputs[0]!.shape);
    if (inputs.some((input) => shapeText(input.shape) !== first)) {
      throw shapeError(c.name, inputs, `all of one shape, ${first}`, 'Adding does not broadcast.');
    }
    return inputs[0]!;
  },
  weights: () => [],
  emit(_, f) {
    const { build } = f;
    const y = f.output();
    const sum = (a: Tensor, b: Tensor) => {
      const strides = { aImage: a.imageStride, aRow: a.rowStride, bImage: b.imageStride, bRow: b.rowStride };
      const ints = { ...viewOf(a, b, y), ...strides, yImage: y.imageStride, yRow: y.rowStride };
      build.call('add', { a: build.at(a), b: build.at(b), y: build.at(y) }, ints, {});
    };
    const [first, second, ...rest] = f.inputs as [Tensor, Tensor, ...Tensor[]];
    sum(first, second);
    for (const x of rest) sum(y, x);
    return {
      output: y,
      // layers turn gradients around in place: each input gets its own copy, but for the last, which may have dY itself
      backward(g) {
        const wanted = f.inputs.map((_, i) => i).filter((i) => g.wants(i));
        for (const i of wanted.slice(0, -1)) build.copy(g.dY, g.dInput(i));
        if (wanted.length > 0) g.pass(wanted.at(-1)!, g.dY);
      },
    };
  },
};
