// pooling1d.ts: max, average and global pooling along the steps of (steps, channels). Their arithmetic: the layers over images.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { base, channelsLast, padding, single } from './common.ts';
import { globalAveragePooling2d, globalMaxPooling2d, globalPoolConfig } from './global-pooling.ts';
import { maxPooling2d } from './max-pooling2d.ts';
import { oneDimensional } from './one-dimensional.ts';
import type { PoolConfig } from './pool.ts';

/** strides default to pool_size. */
const config = strict({
  ...base,
  pool_size: single.prefault(2),
  strides: single.nullable().default(null),
  padding,
  data_format: channelsLast,
}).transform((c) => ({ ...c, strides: c.strides ?? c.pool_size }));

const pool2d = (c: z.infer<typeof config>): PoolConfig => ({
  ...c,
  pool_size: [1, c.pool_size],
  strides: [1, c.strides],
});

export const maxPooling1d = oneDimensional('MaxPooling1D', config, maxPooling2d, pool2d);
export const averagePooling1d = oneDimensional('AveragePooling1D', config, averagePooling2d, pool2d);
export const globalMaxPooling1d = oneDimensional('GlobalMaxPooling1D', globalPoolConfig, globalMaxPooling2d, (c) => c);
export const globalAveragePooling1d = oneDimensional(
  'GlobalAveragePooling1D',
  globalPoolConfig,
  globalAveragePooling2d,
  (c) => c,
);
