// pool.ts: the configuration and the windows that max and average pooling share. Not their arithmetic.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import { base, channelsLast, padding, pair } from './common.ts';
import { type WindowGeometry, windowGeometry } from './window.ts';

/** strides default to pool_size. */
export const poolConfig = strict({
  ...base,
  pool_size: pair.prefault(2),
  strides: pair.nullable().default(null),
  padding,
  data_format: channelsLast,
}).transform((c) => ({ ...c, strides: c.strides ?? c.pool_size }));
export type PoolConfig = z.infer<typeof poolConfig>;

/** Where the windows of a pooling layer lie. @throws SHOAL_SHAPE */
export function poolGeometry(c: PoolConfig, inputs: readonly TensorSpec[]): WindowGeometry {
  const { name, pool_size: size, strides } = c;
  return windowGeometry({ name, size, strides, dilation: [1, 1], padding: c.padding }, inputs);
}

/** (rows, columns, channels) of what a pooling layer gives. @throws SHOAL_SHAPE */
export function poolShape(c: PoolConfig, inputs: readonly TensorSpec[]): TensorSpec {
  const { rows, columns, channels } = poolGeometry(c, inputs);
  return { shape: [rows.output, columns.output, channels] };
}
