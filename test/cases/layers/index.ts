// index.ts: the cases of every layer, one line each: a layer without cases does not compile.
import type { LayerClass } from '../../../trainer/layers/index.ts';
import type { LayerCase } from '../layer.ts';
import { activationCases } from './activation.ts';
import { addCases } from './add.ts';
import { conv2dCases } from './conv2d.ts';
import { denseCases } from './dense.ts';
import { depthwiseConv2dCases, separableConv2dCases } from './depthwise.ts';
import { dropoutCases } from './dropout.ts';
import { flattenCases } from './flatten.ts';
import { globalPooling1dCases, globalPooling2dCases } from './global-pooling.ts';
import { averagePooling2dCases, maxPooling2dCases } from './pooling.ts';
import { pooling1dCases } from './pooling1d.ts';

export const layerCases: Readonly<Record<LayerClass, readonly LayerCase[]>> = {
  Activation: activationCases,
  Add: addCases,
  AveragePooling1D: pooling1dCases('AveragePooling1D'),
  AveragePooling2D: averagePooling2dCases,
  Conv2D: conv2dCases,
  Dense: denseCases,
  DepthwiseConv2D: depthwiseConv2dCases,
  Dropout: dropoutCases,
  Flatten: flattenCases,
  GlobalAveragePooling1D: globalPooling1dCases('GlobalAveragePooling1D'),
  GlobalAveragePooling2D: globalPooling2dCases('GlobalAveragePooling2D'),
  GlobalMaxPooling1D: globalPooling1dCases('GlobalMaxPooling1D'),
  GlobalMaxPooling2D: globalPooling2dCases('GlobalMaxPooling2D'),
  MaxPooling1D: pooling1dCases('MaxPooling1D'),
  MaxPooling2D: maxPooling2dCases,
  SeparableConv2D: separableConv2dCases,
};
