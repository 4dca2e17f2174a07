// pool.ts: the configuration and the windows that max and average pooling share. Not their arithmetic.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import type { Tensor } from '../tensor.ts';
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

/** What the pooling kernels are told of the windows (kernels/signatures.ts). */
export function poolInts(c: PoolConfig, x: Tensor, y: Tensor) {
  const { rows, columns } = poolGeometry(c, [{ shape: x.shape }]);
  return {
    OH: y.shape[0]!,
    OW: y.shape[1]!,
    C: y.shape[2]!,
    poolH: c.pool_size[0],
    poolW: c.pool_size[1],
    strideH: c.strides[0],
    strideW: c.strides[1],
    padTop: rows.before,
    padLeft: columns.before,
    H: x.shape[0]!,
    W: x.shape[1]!,
  };
}
