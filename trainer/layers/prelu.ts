// prelu.ts: x where x > 0, else alpha x, with a learned alpha for each place in a sample, or one shared along its first axes.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import { elements, type TensorSpec } from '../model.ts';
import { regularizer } from '../regularizers.ts';
import { hasHalo } from '../tensor.ts';
import { base, optionError, weight } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({
  ...base,
  alpha_initializer: initializerSchema('zeros'),
  alpha_regularizer: regularizer,
  alpha_constraint: constraint,
  /** Counted from 1: the first axis behind the batch. */
  shared_axes: z
    .union([
      z.array(z.int().positive()),
      z
        .int()
        .positive()
        .transform((axis) => [axis]),
    ])
    .nullable()
    .default(null),
});
export type PreluConfig = z.infer<typeof config>;

/** alpha's shape: 1 along shared axes. They must come first, so that alpha repeats along a sample. @throws SHOAL_MODEL */
function alphaShape({ name, shared_axes }: PreluConfig, { shape }: TensorSpec): readonly number[] {
  const shared = new Set(shared_axes ?? []);
  const prefix = shape.findIndex((size, i) => !shared.has(i + 1) && size > 1);
  const end = prefix < 0 ? shape.length : prefix;
  const late = [...shared].find((axis) => axis > shape.length || (axis > end && shape[axis - 1]! > 1));
  if (late !== undefined) {
    const got = `shared_axes [${[...shared].join(', ')}] for an input of ${shape.length} axes behind the batch`;
    throw optionError(
      name,
      got,
      'the first axes, as [1, 2] for one alpha a channel',
      'Share all axes before the last shared one.',
    );
  }
  return shape.map((size, i) => (shared.has(i + 1) ? 1 : size));
}

export const prelu: LayerKind<PreluConfig> = {
  className: 'PReLU',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: (c, inputs) => [weight(c, 'alpha', alphaShape(c, inputs[0]!))],
  emit(c, f) {
    const { build } = f;
    const x = build.compact(f.inputs[0]!);
    const C = elements(alphaShape(c, x));
    const m = elements(x.shape) / C; // rows of a sample: alpha repeats
    const y = f.output();
    const result = hasHalo(y.halo) ? build.tensor(y.shape) : y;
    const alpha = f.weight('alpha');
    build.call('prelu', { x: build.at(x), alpha, y: build.at(result) }, { m, C }, {});
    if (result !== y) build.copy(result, y);
    return {
      output: y,
      backward(g) {
        const dY = build.compact(g.dY);
        const dX = g.wants(0) ? g.dInput(0) : build.tensor(x.shape);
        const compact = hasHalo(dX.halo) ? build.tensor(dX.shape) : dX;
        const t = build.tensor(x.shape); // what each value adds to dalpha
        const operands = { dy: build.at(dY), x: build.at(x), alpha, dx: build.at(compact), t: build.at(t) };
        build.call('prelu_backward', operands, { m, C }, {});
        if (compact !== dX) build.copy(compact, dX);
        const view = { H: 1, W: m, C, dyImage: m * C, dyRow: m * C };
        build.call('bias_gradient', { dy: build.at(t), out: g.gradient('alpha') }, view, {});
      },
    };
  },
};
