// softmax.ts: softmax over one axis, as a layer. The activation "softmax" is over the last one.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { move, stridesOf, viewed } from '../strided.ts';
import type { Tensor } from '../tensor.ts';
import { emitActivation } from './activation.ts';
import { activations } from './activations.ts';
import { base } from './common.ts';
import { axisBehind } from './concatenate.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, axis: z.int().default(-1) });
export type SoftmaxConfig = z.infer<typeof config>;

export const softmax: LayerKind<SoftmaxConfig> = {
  className: 'Softmax',
  config,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    axisBehind(c.name, c.axis, inputs[0]!.shape.length);
    return inputs[0]!;
  },
  weights: () => [],
  emit(c, f) {
    const { build, spec } = f;
    const axis = axisBehind(c.name, c.axis, spec.shape.length);
    if (axis === spec.shape.length - 1 || f.deferActivation) return emitActivation(activations.softmax, f);
    // the axis goes last, and back
    const last = <T>(list: readonly T[]): readonly T[] => [...list.filter((_, i) => i !== axis), list[axis]!];
    const shape = last(spec.shape);
    const seen = (t: Tensor) => viewed(build, t, last(stridesOf(t)));
    const turned = (t: Tensor): Tensor => {
      const to = build.tensor(shape);
      move(build, shape, seen(t), viewed(build, to));
      return to;
    };
    const back = (t: Tensor, to: Tensor): void => move(build, shape, viewed(build, t), seen(to));
    const rows = turned(f.inputs[0]!);
    activations.softmax.forward(build, rows, rows);
    const y = f.output();
    back(rows, y);
    return {
      output: y,
      backward(g) {
        if (!g.wants(0)) return;
        const dRows = turned(g.dY);
        activations.softmax.backward(build, dRows, rows, dRows);
        back(dRows, g.dInput(0));
      },
    };
  },
};
