// index.ts: the lowering of every layer that has one, by its Keras class name, one line each. Layers as our kernels' calls: layers/index.ts.
import { ShoalError } from '../../../base/errors.ts';
import type { Model } from '../../model.ts';
import type { Lowering } from '../kind.ts';
import { averagePooling1d, conv1d, conv2d, depthwiseConv2d, maxPooling1d } from './convolution.ts';
import { dense } from './dense.ts';
import { dropout, dropPath, spatialDropout, stochasticDepth } from './dropout.ts';
import { batchNormalization, groupNormalization, layerNormalization, rmsNormalization } from './normalization.ts';
import { concatenate, cropping, identity, permute, repeatVector, reshaped, zeroPadding } from './places.ts';
import * as pointwise from './pointwise.ts';
import { averagePooling2d, globalAveragePooling, globalMaxPooling, maxPooling2d } from './pooling.ts';
import { classToken, embedding, multiHeadAttention, positionEmbedding } from './sequences.ts';

export const lowerings: Readonly<Record<string, Lowering<never>>> = {
  Activation: pointwise.activation,
  Add: pointwise.add,
  Average: pointwise.average,
  AveragePooling1D: averagePooling1d,
  AveragePooling2D: averagePooling2d,
  BatchNormalization: batchNormalization,
  ClassToken: classToken,
  Concatenate: concatenate,
  Conv1D: conv1d,
  Conv2D: conv2d,
  Cropping1D: cropping,
  Cropping2D: cropping,
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2d,
  Dropout: dropout,
  DropPath: dropPath,
  ELU: pointwise.elu,
  Embedding: embedding,
  Flatten: reshaped,
  GlobalAveragePooling1D: globalAveragePooling,
  GlobalAveragePooling2D: globalAveragePooling,
  GlobalMaxPooling1D: globalMaxPooling,
  GlobalMaxPooling2D: globalMaxPooling,
  GroupNormalization: groupNormalization,
  Identity: identity,
  LayerNormalization: layerNormalization,
  LayerScale: pointwise.layerScale,
  LeakyReLU: pointwise.leakyRelu,
  MaxPooling1D: maxPooling1d,
  MaxPooling2D: maxPooling2d,
  MultiHeadAttention: multiHeadAttention,
  Multiply: pointwise.multiply,
  Permute: permute,
  PositionEmbedding: positionEmbedding,
  PReLU: pointwise.prelu,
  ReLU: pointwise.relu,
  RepeatVector: repeatVector,
  Reshape: reshaped,
  RMSNormalization: rmsNormalization,
  Softmax: pointwise.softmax,
  SpatialDropout1D: spatialDropout,
  SpatialDropout2D: spatialDropout,
  StochasticDepth: stochasticDepth,
  Subtract: pointwise.subtract,
  ZeroPadding1D: zeroPadding,
  ZeroPadding2D: zeroPadding,
};

/** @throws SHOAL_EXECUTOR naming the first layer that has no lowering, or makes a mask */
export function checkLowerings({ name, layers }: Pick<Model, 'name' | 'layers'>): void {
  for (const [layer, { className, config }] of Object.entries(layers)) {
    const masks = className === 'Embedding' && config['mask_zero'] === true;
    if (Object.hasOwn(lowerings, className) && !masks) continue;
    if (masks) throw refused(name, `the layer "${layer}" with mask_zero`, 'no masks of places');
    const known = Object.keys(lowerings).join(', ');
    throw refused(name, `the layer "${layer}" of class ${className}`, `layers of ${known}`);
  }
}

const refused = (model: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_EXECUTOR',
    operation: `compute the model "${model}" by tfjs`,
    got,
    expected,
    hint: 'Leave --executor out: the kernels of Shoal compute every layer.',
  });
