// layer-scale.ts: each channel times a learned factor that begins small: what ConvNeXt and deep transformers put at the end of a branch.
// Touvron et al., "Going deeper with image transformers" (2021), arXiv 2103.17239. Not a normalization.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { combine, type View, viewed } from '../strided.ts';
import { base, parameter, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

/** As in keras.applications.convnext. */
const config = strict({
  ...base,
  init_values: z.number().default(1e-6),
  /** The number of channels, which is known without it. */
  projection_dim: z.int().positive().nullish(),
});
export type LayerScaleConfig = z.infer<typeof config>;

export const layerScale: LayerKind<LayerScaleConfig> = {
  className: 'LayerScale',
  config,
  arity: [1, 1],
  passesMask: true,
  shape({ name, projection_dim }, inputs) {
    const channels = inputs[0]!.shape.at(-1);
    if (channels !== undefined && (projection_dim ?? channels) === channels) return inputs[0]!;
    throw shapeError(name, inputs, `${projection_dim ?? 'any number of'} channels`, 'Leave projection_dim out.');
  },
  weights: (c, inputs) => [
    parameter('gamma', [inputs[0]!.shape.at(-1)!], { class_name: 'Constant', config: { value: c.init_values } }),
  ],
  emit(_, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (..., C)
    const { shape } = x;
    const y = f.output();
    const weight = f.weight('gamma');
    const gamma: View = {
      at: (floats) => ({ ...weight, at: weight.at + 4 * floats }),
      image: 0,
      strides: shape.map((_, axis) => (axis === shape.length - 1 ? 1 : 0)),
    };
    combine(build, 'multiply', shape, viewed(build, x), gamma, viewed(build, y));
    return {
      output: y,
      backward(g) {
        const dY = viewed(build, g.dY);
        const part = build.tensor(shape); // what each value adds to dgamma
        combine(build, 'multiply', shape, dY, viewed(build, x), viewed(build, part));
        const [m, C] = [part.imageStride / shape.at(-1)!, shape.at(-1)!];
        const view = { H: 1, W: m, C, dyImage: m * C, dyRow: m * C };
        build.call('bias_gradient', { dy: build.at(part), out: g.gradient('gamma') }, view, {});
        if (g.wants(0)) combine(build, 'multiply', shape, dY, gamma, viewed(build, g.dInput(0)));
      },
    };
  },
};
