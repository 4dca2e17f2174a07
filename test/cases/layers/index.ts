// index.ts: the cases of every layer, one line each: a layer without cases does not compile.
import type { LayerClass } from '../../../trainer/layers/index.ts';
import type { LayerCase } from '../layer.ts';
import { activationCases, eluCases, leakyReluCases, preluCases, reluCases, softmaxCases } from './activation.ts';
import { addCases } from './add.ts';
import { maskingCases, multiHeadAttentionCases } from './attention.ts';
import {
  randomBrightnessCases,
  randomContrastCases,
  randomFlipCases,
  randomRotationCases,
  randomTranslationCases,
  randomZoomCases,
} from './augmentation.ts';
import { batchNormalizationCases } from './batch-normalization.ts';
import { cropping1dCases, cropping2dCases, zeroPadding1dCases, zeroPadding2dCases } from './border.ts';
import {
  centerCropCases,
  conv1dTransposeCases,
  depthwiseConv1dCases,
  dropoutShapeCases,
  dropPathCases,
  gaussianDropoutCases,
  gaussianNoiseCases,
  identityCases,
  normalizationCases,
  rescalingCases,
  resizingCases,
  separableConv1dCases,
  softmaxAxisCases,
  spatialDropout1dCases,
  spatialDropout2dCases,
  stochasticDepthCases,
} from './chance.ts';
import { conv1dCases } from './conv1d.ts';
import { conv2dCases } from './conv2d.ts';
import { conv2dTransposeCases } from './conv2d-transpose.ts';
import { denseCases } from './dense.ts';
import { depthwiseConv2dCases, separableConv2dCases } from './depthwise.ts';
import { dropoutCases } from './dropout.ts';
import { flattenCases } from './flatten.ts';
import { globalPooling1dCases, globalPooling2dCases } from './global-pooling.ts';
import { layerScaleCases } from './layer-scale.ts';
import { classTokenCases, embeddingCases, positionEmbeddingCases } from './lookups.ts';
import {
  addBroadcastCases,
  averageCases,
  concatenateCases,
  dotCases,
  maximumCases,
  minimumCases,
  multiplyCases,
  subtractCases,
} from './merging.ts';
import { averagePooling2dCases, maxPooling2dCases } from './pooling.ts';
import { pooling1dCases } from './pooling1d.ts';
import {
  groupNormalizationCases,
  layerNormalizationCases,
  rmsNormalizationCases,
  unitNormalizationCases,
} from './rows.ts';
import { einsumDenseCases, permuteCases, repeatVectorCases, reshapeCases } from './shapes.ts';
import { upSampling1dCases, upSampling2dCases } from './up-sampling.ts';

export const layerCases: Readonly<Record<LayerClass, readonly LayerCase[]>> = {
  Activation: activationCases,
  Add: [...addCases, ...addBroadcastCases],
  AveragePooling1D: pooling1dCases('AveragePooling1D'),
  AveragePooling2D: averagePooling2dCases,
  BatchNormalization: batchNormalizationCases,
  ClassToken: classTokenCases,
  Conv1D: conv1dCases,
  Conv2D: conv2dCases,
  Conv2DTranspose: conv2dTransposeCases,
  Cropping1D: cropping1dCases,
  Cropping2D: cropping2dCases,
  Dense: denseCases,
  DepthwiseConv2D: depthwiseConv2dCases,
  Dropout: [...dropoutCases, ...dropoutShapeCases],
  ELU: eluCases,
  Embedding: embeddingCases,
  Flatten: flattenCases,
  GlobalAveragePooling1D: globalPooling1dCases('GlobalAveragePooling1D'),
  GlobalAveragePooling2D: globalPooling2dCases('GlobalAveragePooling2D'),
  GlobalMaxPooling1D: globalPooling1dCases('GlobalMaxPooling1D'),
  GlobalMaxPooling2D: globalPooling2dCases('GlobalMaxPooling2D'),
  LayerScale: layerScaleCases,
  LeakyReLU: leakyReluCases,
  Masking: maskingCases,
  MaxPooling1D: pooling1dCases('MaxPooling1D'),
  MaxPooling2D: maxPooling2dCases,
  MultiHeadAttention: multiHeadAttentionCases,
  PositionEmbedding: positionEmbeddingCases,
  PReLU: preluCases,
  ReLU: reluCases,
  SeparableConv2D: separableConv2dCases,
  Softmax: [...softmaxCases, ...softmaxAxisCases],
  UpSampling1D: upSampling1dCases,
  UpSampling2D: upSampling2dCases,
  Average: averageCases,
  Concatenate: concatenateCases,
  Dot: dotCases,
  EinsumDense: einsumDenseCases,
  GroupNormalization: groupNormalizationCases,
  LayerNormalization: layerNormalizationCases,
  Maximum: maximumCases,
  Minimum: minimumCases,
  Multiply: multiplyCases,
  Permute: permuteCases,
  RMSNormalization: rmsNormalizationCases,
  RepeatVector: repeatVectorCases,
  Reshape: reshapeCases,
  Subtract: subtractCases,
  UnitNormalization: unitNormalizationCases,
  CenterCrop: centerCropCases,
  Conv1DTranspose: conv1dTransposeCases,
  DepthwiseConv1D: depthwiseConv1dCases,
  DropPath: dropPathCases,
  GaussianDropout: gaussianDropoutCases,
  GaussianNoise: gaussianNoiseCases,
  Identity: identityCases,
  Normalization: normalizationCases,
  Rescaling: rescalingCases,
  Resizing: resizingCases,
  SeparableConv1D: separableConv1dCases,
  SpatialDropout1D: spatialDropout1dCases,
  SpatialDropout2D: spatialDropout2dCases,
  StochasticDepth: stochasticDepthCases,
  RandomBrightness: randomBrightnessCases,
  RandomContrast: randomContrastCases,
  RandomFlip: randomFlipCases,
  RandomRotation: randomRotationCases,
  RandomTranslation: randomTranslationCases,
  RandomZoom: randomZoomCases,
  ZeroPadding1D: zeroPadding1dCases,
  ZeroPadding2D: zeroPadding2dCases,
};
