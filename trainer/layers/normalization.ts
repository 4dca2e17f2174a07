// normalization.ts: what the layers that normalise share: gamma and beta, their last axis, rows of pixels. No layer stands here.
import { z } from 'zod';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import { elements, type TensorSpec, type WeightSpec } from '../model.ts';
import { regularizer } from '../regularizers.ts';
import { hasHalo, type Tensor } from '../tensor.ts';
import { base, optionError, shapeError, weight } from './common.ts';

const axis = z.int();

/** Keys of layers with a gamma and a beta. */
export const scaled = {
  ...base,
  /** Of the batch's shape, from 0; Keras writes one number or a list of one. */
  axis: z
    .union([axis, z.tuple([axis])], 'one axis, the last')
    .transform((value): number => (typeof value === 'number' ? value : value[0]))
    .prefault(-1),
  epsilon: z.number().positive().default(0.001),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  beta_initializer: initializerSchema('zeros'),
  gamma_initializer: initializerSchema('ones'),
  beta_regularizer: regularizer,
  gamma_regularizer: regularizer,
  beta_constraint: constraint,
  gamma_constraint: constraint,
} as const;

type Scaled = Parameters<typeof weight<'beta' | 'gamma'>>[0] & {
  readonly center: boolean;
  readonly scale: boolean;
};

/** gamma and beta, where the layer has them. */
export const scaleWeights = (c: Scaled, channels: number): readonly WeightSpec[] => [
  ...(c.scale ? [weight(c, 'gamma', [channels])] : []),
  ...(c.center ? [weight(c, 'beta', [channels])] : []),
];

/**
 * The input's shape, which is the output's too.
 * @throws SHOAL_SHAPE for a scalar, SHOAL_MODEL for another axis than the last
 */
export function lastAxis(
  c: { readonly name: string; readonly axis: number },
  inputs: readonly TensorSpec[],
): TensorSpec {
  const input = inputs[0]!;
  const rank = input.shape.length;
  if (rank === 0) throw shapeError(c.name, inputs, 'at least one axis: (channels)', 'Give each sample a row.');
  if (c.axis !== -1 && c.axis !== rank) {
    const hint = 'Shoal keeps channels last: Permute before it, or change the axis.';
    throw optionError(c.name, `axis ${c.axis} of ${rank + 1}`, `-1, or ${rank}: the last`, hint);
  }
  return input;
}

/** H, W and C under which all of these tensors can be walked pixel by pixel: one long row where none has a halo. */
export function pixelsOf(...tensors: readonly Tensor[]): {
  readonly H: number;
  readonly W: number;
  readonly C: number;
} {
  const { shape } = tensors[0]!;
  const C = shape.at(-1)!;
  if (!tensors.some((t) => hasHalo(t.halo))) return { H: 1, W: elements(shape) / C, C };
  return { H: shape[0]!, W: shape[1]!, C };
}
