// max-pooling2d.ts: the largest value of each window, channel by channel. Not global pooling.
import type { LayerStatics } from './kind.ts';
import { type PoolConfig, poolConfig, poolShape } from './pool.ts';

export const maxPooling2d: LayerStatics<PoolConfig> = {
  className: 'MaxPooling2D',
  config: poolConfig,
  arity: [1, 1],
  shape: poolShape,
  weights: () => [],
};
