// conv1d.ts: convolution along the steps of (steps, channels), by the kernels of Conv2D. Not its arithmetic.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { activation, base, channelsLast, single, weighted } from './common.ts';
import { conv2d } from './conv2d.ts';
import { oneDimensional } from './one-dimensional.ts';

const config = strict({
  ...base,
  filters: z.int().positive(),
  kernel_size: single,
  strides: single.prefault(1),
  padding: z.enum(['valid', 'same', 'causal']).default('valid'),
  data_format: channelsLast,
  dilation_rate: single.prefault(1),
  groups: z.int().positive().default(1),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
});

export const conv1d = oneDimensional('Conv1D', config, conv2d, (c) => ({
  ...c,
  kernel_size: [1, c.kernel_size] as const,
  strides: [1, c.strides] as const,
  dilation_rate: [1, c.dilation_rate] as const,
}));
