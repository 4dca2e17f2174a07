// layer-normalization.ts: each row of a sample's last axes by its own mean and deviation, root mean square, or length. Not
// over samples.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { elements, type TensorSpec } from '../model.ts';
import { optionError, parameter, shapeText, weight } from './common.ts';
import type { LayerKind } from './kind.ts';
import { scaled } from './normalization.ts';
import { emitRows } from './row-normalize.ts';

const { axis: _, ...rest } = scaled;
/** Of the batch's shape, from 0: one number, or a list; comes out as a list. */
export const lastAxes = z
  .union([z.int(), z.array(z.int()).min(1)], 'one axis, or a list of the last ones')
  .transform((value): readonly number[] => (typeof value === 'number' ? [value] : value))
  .prefault(-1);
const config = strict({
  ...rest,
  axis: lastAxes,
  rms_scaling: z.literal(false, 'false: RMSNormalization does that').default(false),
});
export type LayerNormalizationConfig = z.infer<typeof config>;

/** The sizes of the axes that are normalised. @throws SHOAL_MODEL unless they are the last ones */
export function normalizedAxes(
  { name, axis }: { readonly name: string; readonly axis: readonly number[] },
  { shape }: TensorSpec,
): readonly number[] {
  const rank = shape.length + 1;
  const axes = axis.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
  if (axes.every((a, i) => a === rank - axes.length + i && a > 0)) return shape.slice(axes[0]! - 1);
  const got = `axis ${JSON.stringify(axis)} of ${rank} (the batch first, then ${shapeText(shape)})`;
  throw optionError(
    name,
    got,
    'the last axes: -1, or a list that ends in it',
    'Permute before it, or change the axis.',
  );
}

export const layerNormalization: LayerKind<LayerNormalizationConfig> = {
  className: 'LayerNormalization',
  config,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    normalizedAxes(c, inputs[0]!);
    return inputs[0]!;
  },
  weights(c, inputs) {
    const shape = normalizedAxes(c, inputs[0]!);
    return [...(c.scale ? [weight(c, 'gamma', shape)] : []), ...(c.center ? [weight(c, 'beta', shape)] : [])];
  },
  emit: (c, f) =>
    emitRows(f, {
      C: elements(normalizedAxes(c, f.spec)),
      by: 'deviation',
      epsilon: c.epsilon,
      gamma: c.scale ? 'gamma' : null,
      beta: c.center ? 'beta' : null,
    }),
};

const rmsConfig = strict({
  name: rest.name,
  trainable: rest.trainable,
  dtype: rest.dtype,
  axis: lastAxes,
  epsilon: z.number().positive().default(1e-6),
});
export type RmsNormalizationConfig = z.infer<typeof rmsConfig>;

export const rmsNormalization: LayerKind<RmsNormalizationConfig> = {
  className: 'RMSNormalization',
  config: rmsConfig,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    normalizedAxes(c, inputs[0]!);
    return inputs[0]!;
  },
  weights: (c, inputs) => [
    parameter('scale', normalizedAxes(c, inputs[0]!), initializerSchema('ones').parse(undefined)),
  ],
  emit: (c, f) =>
    emitRows(f, {
      C: elements(normalizedAxes(c, f.spec)),
      by: 'rms',
      epsilon: c.epsilon,
      gamma: 'scale',
      beta: null,
    }),
};

const unitConfig = strict({ name: rest.name, trainable: rest.trainable, dtype: rest.dtype, axis: lastAxes });
export type UnitNormalizationConfig = z.infer<typeof unitConfig>;

/** Rows of length 1. */
export const unitNormalization: LayerKind<UnitNormalizationConfig> = {
  className: 'UnitNormalization',
  config: unitConfig,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    normalizedAxes(c, inputs[0]!);
    return inputs[0]!;
  },
  weights: () => [],
  // a length is at least Keras' 1e-12
  emit: (c, f) =>
    emitRows(f, { C: elements(normalizedAxes(c, f.spec)), by: 'length', epsilon: 1e-24, gamma: null, beta: null }),
};
