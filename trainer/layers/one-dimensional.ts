// one-dimensional.ts: layers over (steps, channels) made of the two-dimensional ones over (1, steps, channels). No arithmetic.
import type { z } from 'zod';
import type { TensorSpec } from '../model.ts';
import { NO_HALO, type Tensor } from '../tensor.ts';
import { shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

/** Shape of a weight or a tensor of the two-dimensional layer without its rows. */
const flat = (shape: readonly number[]): readonly number[] => (shape.length > 2 ? shape.slice(1) : shape);

/**
 * @param config the layer's own schema, Keras' keys
 * @param to the two-dimensional layer's configuration for it: windows of one row
 */
export function oneDimensional<C extends { readonly name: string }, D>(
  className: string,
  config: z.ZodType<C>,
  kind: LayerKind<D>,
  to: (c: C) => D,
): LayerKind<C> {
  const wide = (c: C, inputs: readonly TensorSpec[]): readonly TensorSpec[] => {
    const { shape } = inputs[0]!;
    if (shape.length === 2) return [{ shape: [1, ...shape] }];
    throw shapeError(c.name, inputs, '(steps, channels)', `${className} slides along the first of two axes.`);
  };
  return {
    className,
    config,
    arity: [1, 1],
    shape: (c, inputs) => ({ shape: flat(kind.shape(to(c), wide(c, inputs)).shape) }),
    weights: (c, inputs) =>
      kind.weights(to(c), wide(c, inputs)).map((weight) => ({ ...weight, shape: flat(weight.shape) })),
    emit(c, f) {
      const { build } = f;
      const d = to(c);
      const [image] = wide(c, f.inputs) as [TensorSpec];
      const spec = kind.shape(d, [image]);
      // tensors of two axes never have a halo: where the layer wants one, it gets a copy
      const x = build.covered(build.reshape(f.inputs[0]!, image.shape), kind.inputHalo?.(d, image) ?? NO_HALO);
      const output = () => build.reshape(f.output(), spec.shape);
      const result = kind.emit(d, { ...f, inputs: [x], spec, output });
      const y = build.reshape(build.compact(result.output), f.spec.shape);
      return {
        ...result,
        output: y,
        backward(g) {
          const dY = build.covered(build.reshape(g.dY, spec.shape), kind.gradientHalo?.(d, image) ?? NO_HALO);
          const back = (t: Tensor) => build.reshape(build.compact(t), f.inputs[0]!.shape);
          result.backward({
            ...g,
            dY,
            dInput: (i) => build.reshape(g.dInput(i), image.shape),
            pass: (i, t) => g.pass(i, back(t)),
          });
        },
      };
    },
  };
}
