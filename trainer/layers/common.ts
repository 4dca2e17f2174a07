// common.ts: the parts of a configuration that layers share, and the errors they throw. No layer stands here.
import { z } from 'zod';
import { ignored, strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { type ConstraintConfig, constraint } from '../constraints.ts';
import type { InitializerConfig } from '../initializers.ts';
import type { TensorSpec, WeightSpec } from '../model.ts';
import { penaltyOf, type RegularizerConfig, regularizer } from '../regularizers.ts';
import { type ActivationName, activations, otherNames } from './activations.ts';

export const float32 = z
  .union([
    z.literal('float32'),
    strict({
      class_name: z.literal('DTypePolicy'),
      config: strict({ name: z.literal('float32') }),
      module: ignored,
      registered_name: ignored,
      shared_object_id: ignored,
    }),
  ])
  .transform(() => 'float32' as const)
  .default('float32');

/** Keys that Keras knows and that have but one value here: written by it in every file, refused when they would do something. */
export const off = z.null('null: Shoal does not have it yet').default(null);

/** Keys of every layer. parse-model.ts fills in the name. */
export const base = {
  name: z.string(),
  trainable: z.boolean().default(true),
  dtype: float32,
} as const;

/** Keys of layers with a kernel and a bias, beside their initializers. */
export const weighted = {
  use_bias: z.boolean().default(true),
  kernel_regularizer: regularizer,
  bias_regularizer: regularizer,
  activity_regularizer: off,
  kernel_constraint: constraint,
  bias_constraint: constraint,
} as const;

const size = z.int().positive();
/** One number for both axes, or [rows, columns]; comes out as the pair. */
export const pair = z
  .union([size, z.tuple([size, size])], 'a positive whole number, or two as [rows, columns]')
  .transform((n): readonly [number, number] => (typeof n === 'number' ? [n, n] : n));
/** One number, as Keras writes it or as a list of one. */
export const single = z
  .union([size, z.tuple([size])], 'a positive whole number')
  .transform((n): number => (typeof n === 'number' ? n : n[0]));
export const padding = z.enum(['valid', 'same']).default('valid');
export const channelsLast = z.literal('channels_last').default('channels_last');

/** What an activation may be, in layers that have one and in Activation itself. Keras' other names come out as its own. */
export const activationName = z
  .enum([...Object.keys(activations), ...Object.keys(otherNames)] as [string])
  .transform((name) => (otherNames[name] ?? name) as ActivationName);
/** An optional activation: null is Keras' other word for linear. */
export const activation = z
  .union([z.null().transform((): ActivationName => 'linear'), activationName])
  .prefault('linear');

/** A parameter as WeightSpec. */
export const parameter = (name: string, shape: readonly number[], from: InitializerConfig): WeightSpec => ({
  name,
  shape,
  role: 'parameter',
  initializer: { className: from.class_name, config: from.config },
});

/** What a layer's configuration says of the weights that it calls K. */
type Said<K extends string> = { readonly [key in `${K}_initializer`]: InitializerConfig } & {
  readonly [key in `${K}_regularizer`]: RegularizerConfig;
} & { readonly [key in `${K}_constraint`]: ConstraintConfig };

/** A parameter with the initializer, regularizer and constraint that the configuration has under `key`. */
export function weight<K extends string>(c: Said<K>, key: K, shape: readonly number[], name: string = key): WeightSpec {
  const said = c as Said<string>;
  const penalty = penaltyOf(said[`${key}_regularizer`]!);
  const constraint = said[`${key}_constraint`]!;
  const spec = parameter(name, shape, said[`${key}_initializer`]!);
  return { ...spec, ...(penalty && { penalty }), ...(constraint && { constraint }) };
}

/** (28, 28, 1) */
export const shapeText = (shape: readonly number[]): string => `(${shape.join(', ')})`;

/** For inputs that a layer cannot take. Both are shapes without the batch axis, or a sentence about them. */
export const shapeError = (layer: string, got: readonly TensorSpec[], expected: string, hint: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: `shape the layer "${layer}"`,
    got: `an input of shape ${got.map((spec) => shapeText(spec.shape)).join(' and ')}`,
    expected,
    hint,
  });

/** For options of one layer that contradict each other. */
export const optionError = (layer: string, got: string, expected: string, hint: string): ShoalError =>
  new ShoalError({ code: 'SHOAL_MODEL', operation: `read the layer "${layer}"`, got, expected, hint });
