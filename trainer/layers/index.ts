// index.ts: every layer by its Keras class name, one line each. InputLayer is no layer: it is the model's input.
import { ShoalError } from '../../base/errors.ts';
import type { Model } from '../model.ts';
import { activation } from './activation.ts';
import { add } from './add.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { batchNormalization } from './batch-normalization.ts';
import { conv2d } from './conv2d.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { flatten } from './flatten.ts';
import type { LayerKind } from './kind.ts';
import { maxPooling2d } from './max-pooling2d.ts';

export const layers = {
  Activation: activation,
  Add: add,
  AveragePooling2D: averagePooling2d,
  BatchNormalization: batchNormalization,
  Conv2D: conv2d,
  Dense: dense,
  Dropout: dropout,
  Flatten: flatten,
  MaxPooling2D: maxPooling2d,
} as const;

export type LayerClass = keyof typeof layers;

/** The layer of a class. @throws SHOAL_UNKNOWN_LAYER, with the known ones */
export function layerOf(className: string): LayerKind<unknown> {
  if (Object.hasOwn(layers, className)) return layers[className as LayerClass] as LayerKind<unknown>;
  throw new ShoalError({
    code: 'SHOAL_UNKNOWN_LAYER',
    operation: 'read the model',
    got: `a layer of class "${className}"`,
    expected: `one of ${Object.keys(layers).join(', ')}`,
    hint: 'Class names are written as in Keras.',
  });
}

/** Whether a model has a layer whose values depend on which samples share a micro-shard. */
export const perLeaf = ({ layers: all }: Model): boolean =>
  Object.values(all).some(({ className, config }) => layerOf(className).perLeaf?.(config) === true);
