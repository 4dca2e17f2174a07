// index.ts: every layer by its Keras class name, one line each. InputLayer is no layer: it is the model's input.
import { ShoalError } from '../../base/errors.ts';
import type { Model } from '../model.ts';
import { activation } from './activation.ts';
import { add } from './add.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { batchNormalization } from './batch-normalization.ts';
import { cropping1d, cropping2d, zeroPadding1d, zeroPadding2d } from './border.ts';
import { classToken } from './class-token.ts';
import { concatenate } from './concatenate.ts';
import { conv1d } from './conv1d.ts';
import { conv2d } from './conv2d.ts';
import { conv2dTranspose } from './conv2d-transpose.ts';
import { dense } from './dense.ts';
import { depthwiseConv2d } from './depthwise-conv2d.ts';
import { dot } from './dot.ts';
import { dropout, dropPath, spatialDropout1d, spatialDropout2d, stochasticDepth } from './dropout.ts';
import { einsumDense } from './einsum-dense.ts';
import { elu } from './elu.ts';
import { embedding } from './embedding.ts';
import { flatten } from './flatten.ts';
import { globalAveragePooling2d, globalMaxPooling2d } from './global-pooling.ts';
import { groupNormalization } from './group-normalization.ts';
import { identity } from './identity.ts';
import type { LayerKind } from './kind.ts';
import { layerNormalization, rmsNormalization, unitNormalization } from './layer-normalization.ts';
import { layerScale } from './layer-scale.ts';
import { leakyRelu } from './leaky-relu.ts';
import { masking } from './masking.ts';
import { maxPooling2d } from './max-pooling2d.ts';
import { average, maximum, minimum, multiply, subtract } from './merge.ts';
import { multiHeadAttention } from './multi-head-attention.ts';
import { gaussianDropout, gaussianNoise } from './noise.ts';
import { conv1dTranspose, depthwiseConv1d, separableConv1d } from './one-dimensional-convolutions.ts';
import { permute, repeatVector } from './permute.ts';
import { averagePooling1d, globalAveragePooling1d, globalMaxPooling1d, maxPooling1d } from './pooling1d.ts';
import { positionEmbedding } from './position-embedding.ts';
import { prelu } from './prelu.ts';
import { randomBrightness, randomContrast } from './random-color.ts';
import { randomFlip, randomRotation, randomTranslation, randomZoom } from './random-warp.ts';
import { registered } from './registered.ts';
import { relu } from './relu.ts';
import { normalization, rescaling } from './rescaling.ts';
import { reshape } from './reshape.ts';
import { centerCrop, resizing } from './resizing.ts';
import { separableConv2d } from './separable-conv2d.ts';
import { softmax } from './softmax.ts';
import { upSampling1d, upSampling2d } from './up-sampling.ts';

export const layers = {
  Activation: activation,
  Add: add,
  Average: average,
  AveragePooling1D: averagePooling1d,
  AveragePooling2D: averagePooling2d,
  BatchNormalization: batchNormalization,
  CenterCrop: centerCrop,
  ClassToken: classToken,
  Concatenate: concatenate,
  Conv1D: conv1d,
  Conv1DTranspose: conv1dTranspose,
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  Cropping1D: cropping1d,
  Cropping2D: cropping2d,
  Dense: dense,
  DepthwiseConv1D: depthwiseConv1d,
  DepthwiseConv2D: depthwiseConv2d,
  Dot: dot,
  Dropout: dropout,
  DropPath: dropPath,
  EinsumDense: einsumDense,
  ELU: elu,
  Embedding: embedding,
  Flatten: flatten,
  GaussianDropout: gaussianDropout,
  GaussianNoise: gaussianNoise,
  GlobalAveragePooling1D: globalAveragePooling1d,
  GlobalAveragePooling2D: globalAveragePooling2d,
  GlobalMaxPooling1D: globalMaxPooling1d,
  GlobalMaxPooling2D: globalMaxPooling2d,
  GroupNormalization: groupNormalization,
  Identity: identity,
  LayerNormalization: layerNormalization,
  LayerScale: layerScale,
  LeakyReLU: leakyRelu,
  Masking: masking,
  Maximum: maximum,
  MaxPooling1D: maxPooling1d,
  MaxPooling2D: maxPooling2d,
  Minimum: minimum,
  MultiHeadAttention: multiHeadAttention,
  Multiply: multiply,
  Normalization: normalization,
  Permute: permute,
  PositionEmbedding: positionEmbedding,
  PReLU: prelu,
  RandomBrightness: randomBrightness,
  RandomContrast: randomContrast,
  RandomFlip: randomFlip,
  RandomRotation: randomRotation,
  RandomTranslation: randomTranslation,
  RandomZoom: randomZoom,
  ReLU: relu,
  RepeatVector: repeatVector,
  Rescaling: rescaling,
  Reshape: reshape,
  Resizing: resizing,
  RMSNormalization: rmsNormalization,
  SeparableConv1D: separableConv1d,
  SeparableConv2D: separableConv2d,
  Softmax: softmax,
  SpatialDropout1D: spatialDropout1d,
  SpatialDropout2D: spatialDropout2d,
  StochasticDepth: stochasticDepth,
  Subtract: subtract,
  UnitNormalization: unitNormalization,
  UpSampling1D: upSampling1d,
  UpSampling2D: upSampling2d,
  ZeroPadding1D: zeroPadding1d,
  ZeroPadding2D: zeroPadding2d,
} as const;

export type LayerClass = keyof typeof layers;

/** The layer of a class. @throws SHOAL_UNKNOWN_LAYER, with the known ones */
export function layerOf(className: string): LayerKind<unknown> {
  if (Object.hasOwn(layers, className)) return layers[className as LayerClass] as LayerKind<unknown>;
  const own = registered.get(className);
  if (own) return own.kind;
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
