// conv2d.ts: two-dimensional convolution over (rows, columns, channels). Not depthwise or transposed convolution.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import {
  activation,
  base,
  channelsLast,
  optionError,
  padding,
  pair,
  parameter,
  shapeError,
  weighted,
} from './common.ts';
import type { LayerStatics } from './kind.ts';
import { type WindowGeometry, windowGeometry } from './window.ts';

const config = strict({
  ...base,
  filters: z.int().positive(),
  kernel_size: pair,
  strides: pair.prefault(1),
  padding,
  data_format: channelsLast,
  dilation_rate: pair.prefault(1),
  groups: z.int().positive().default(1),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
});
export type Conv2DConfig = z.infer<typeof config>;

/** Where the windows of a convolution lie. @throws SHOAL_SHAPE, SHOAL_MODEL */
export function conv2dGeometry(c: Conv2DConfig, inputs: Parameters<typeof windowGeometry>[1]): WindowGeometry {
  const { name, kernel_size: size, strides, dilation_rate: dilation, groups } = c;
  if (Math.max(...strides) > 1 && Math.max(...dilation) > 1) {
    const got = `strides ${strides.join(' x ')} with dilation_rate ${dilation.join(' x ')}`;
    throw optionError(name, got, 'strides or dilation_rate above 1, not both', 'Keras refuses it too.');
  }
  if (c.filters % groups !== 0) {
    throw optionError(
      name,
      `${c.filters} filters in ${groups} groups`,
      'a multiple of the groups',
      'Change one of them.',
    );
  }
  const geometry = windowGeometry({ name, size, strides, dilation, padding: c.padding }, inputs);
  if (geometry.channels % groups !== 0) {
    const expected = `(rows, columns, channels) with a multiple of ${groups} channels, one share for each group`;
    throw shapeError(name, inputs, expected, 'Change groups.');
  }
  return geometry;
}

export const conv2d: LayerStatics<Conv2DConfig> = {
  className: 'Conv2D',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { rows, columns } = conv2dGeometry(c, inputs);
    return { shape: [rows.output, columns.output, c.filters] };
  },
  weights(c, inputs) {
    const { channels } = conv2dGeometry(c, inputs);
    const kernel = parameter('kernel', [...c.kernel_size, channels / c.groups, c.filters], c.kernel_initializer);
    return c.use_bias ? [kernel, parameter('bias', [c.filters], c.bias_initializer)] : [kernel];
  },
};
