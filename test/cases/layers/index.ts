// index.ts: the cases of every layer, one line each: a layer without cases does not compile.
import type { LayerClass } from '../../../trainer/layers/index.ts';
import type { LayerCase } from '../layer.ts';
import { activationCases } from './activation.ts';
import { addCases } from './add.ts';
import { batchNormalizationCases } from './batch-normalization.ts';
import { conv2dCases } from './conv2d.ts';
import { denseCases } from './dense.ts';
import { dropoutCases } from './dropout.ts';
import { flattenCases } from './flatten.ts';
import { averagePooling2dCases, maxPooling2dCases } from './pooling.ts';

export const layerCases: Readonly<Record<LayerClass, readonly LayerCase[]>> = {
  Activation: activationCases,
  Add: addCases,
  AveragePooling2D: averagePooling2dCases,
  BatchNormalization: batchNormalizationCases,
  Conv2D: conv2dCases,
  Dense: denseCases,
  Dropout: dropoutCases,
  Flatten: flattenCases,
  MaxPooling2D: maxPooling2dCases,
};
