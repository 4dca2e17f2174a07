// index.ts: the cases of every layer, one line each: a layer without cases does not compile.
import type { LayerClass } from '../../../trainer/layers/index.ts';
import type { LayerCase } from '../layer.ts';
import { activationCases, eluCases, leakyReluCases, preluCases, reluCases, softmaxCases } from './activation.ts';
import { addCases } from './add.ts';
import { conv2dCases } from './conv2d.ts';
import { denseCases } from './dense.ts';
import { dropoutCases } from './dropout.ts';
import { flattenCases } from './flatten.ts';
import { classTokenCases, embeddingCases, positionEmbeddingCases } from './lookups.ts';
import { averagePooling2dCases, maxPooling2dCases } from './pooling.ts';

export const layerCases: Readonly<Record<LayerClass, readonly LayerCase[]>> = {
  Activation: activationCases,
  Add: addCases,
  AveragePooling2D: averagePooling2dCases,
  ClassToken: classTokenCases,
  Conv2D: conv2dCases,
  Dense: denseCases,
  Dropout: dropoutCases,
  ELU: eluCases,
  Embedding: embeddingCases,
  Flatten: flattenCases,
  LeakyReLU: leakyReluCases,
  MaxPooling2D: maxPooling2dCases,
  PReLU: preluCases,
  PositionEmbedding: positionEmbeddingCases,
  ReLU: reluCases,
  Softmax: softmaxCases,
};
