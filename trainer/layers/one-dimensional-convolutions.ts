// one-dimensional-convolutions.ts: the depthwise, separable and transposed convolutions along the steps of (steps, channels), by the
// kernels of the layers over images. No arithmetic.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import { regularizer } from '../regularizers.ts';
import { activation, base, channelsLast, padding, single, weighted } from './common.ts';
import { conv2dTranspose } from './conv2d-transpose.ts';
import { depthwiseConv2d, depthwiseOptions } from './depthwise-conv2d.ts';
import { oneDimensional } from './one-dimensional.ts';
import { separableConv2d } from './separable-conv2d.ts';

const depthwise = {
  ...depthwiseOptions,
  kernel_size: single,
  strides: single.prefault(1),
  dilation_rate: single.prefault(1),
} as const;
const wide = (n: number): readonly [number, number] => [1, n];

export const depthwiseConv1d = oneDimensional('DepthwiseConv1D', strict(depthwise), depthwiseConv2d, (c) => ({
  ...c,
  kernel_size: wide(c.kernel_size),
  strides: wide(c.strides),
  dilation_rate: wide(c.dilation_rate),
}));

const separable = strict({
  ...depthwise,
  filters: z.int().positive(),
  pointwise_initializer: initializerSchema('glorot_uniform'),
  pointwise_regularizer: regularizer,
  pointwise_constraint: constraint,
});
export const separableConv1d = oneDimensional('SeparableConv1D', separable, separableConv2d, (c) => ({
  ...c,
  kernel_size: wide(c.kernel_size),
  strides: wide(c.strides),
  dilation_rate: wide(c.dilation_rate),
}));

const transpose = strict({
  ...base,
  filters: z.int().positive(),
  kernel_size: single,
  strides: single.prefault(1),
  padding,
  output_padding: z
    .union([z.int().nonnegative(), z.tuple([z.int().nonnegative()])])
    .transform((n): number => (typeof n === 'number' ? n : n[0]))
    .nullable()
    .default(null),
  data_format: channelsLast,
  dilation_rate: single.prefault(1),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
});
export const conv1dTranspose = oneDimensional('Conv1DTranspose', transpose, conv2dTranspose, (c) => ({
  ...c,
  kernel_size: wide(c.kernel_size),
  strides: wide(c.strides),
  dilation_rate: wide(c.dilation_rate),
  output_padding: c.output_padding === null ? null : ([0, c.output_padding] as const),
}));
