// average-pooling2d.ts: the mean of each window, over the part of it that lies inside the image. Not global pooling.
import type { LayerStatics } from './kind.ts';
import { type PoolConfig, poolConfig, poolShape } from './pool.ts';

export const averagePooling2d: LayerStatics<PoolConfig> = {
  className: 'AveragePooling2D',
  config: poolConfig,
  arity: [1, 1],
  shape: poolShape,
  weights: () => [],
};
