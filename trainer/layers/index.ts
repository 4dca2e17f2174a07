// index.ts: every layer by its Keras class name, one line each. InputLayer is no layer: it is the model's input.
import { ShoalError } from '../../base/errors.ts';
import { activation } from './activation.ts';
import { add } from './add.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { classToken } from './class-token.ts';
import { conv2d } from './conv2d.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { elu } from './elu.ts';
import { embedding } from './embedding.ts';
import { flatten } from './flatten.ts';
import type { LayerKind } from './kind.ts';
import { leakyRelu } from './leaky-relu.ts';
import { maxPooling2d } from './max-pooling2d.ts';
import { positionEmbedding } from './position-embedding.ts';
import { prelu } from './prelu.ts';
import { relu } from './relu.ts';
import { softmax } from './softmax.ts';

export const layers = {
  Activation: activation,
  Add: add,
  AveragePooling2D: averagePooling2d,
  ClassToken: classToken,
  Conv2D: conv2d,
  Dense: dense,
  Dropout: dropout,
  ELU: elu,
  Embedding: embedding,
  Flatten: flatten,
  LeakyReLU: leakyRelu,
  MaxPooling2D: maxPooling2d,
  PReLU: prelu,
  PositionEmbedding: positionEmbedding,
  ReLU: relu,
  Softmax: softmax,
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
