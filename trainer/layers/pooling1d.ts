// pooling1d.ts: max, average and global pooling along the steps of (steps, channels). Their arithmetic: the layers over images.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { Tensor } from '../tensor.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { base, channelsLast, padding, single } from './common.ts';
import { globalAveragePooling2d, globalMaxPooling2d, globalPoolConfig } from './global-pooling.ts';
import type { Emitted, Forward } from './kind.ts';
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
const unmasked = oneDimensional('GlobalAveragePooling1D', globalPoolConfig, globalAveragePooling2d, (c) => c);

/** Over the places that hold something, where there is a mask. */
export const globalAveragePooling1d: typeof unmasked = {
  ...unmasked,
  emit: (c, f) => (f.masks[0] ? maskedMean(f, f.masks[0]) : unmasked.emit(c, f)),
};

/** y (E) = the sum over the places of x (T, E) times each one's share; zero where no place holds anything. */
function maskedMean(f: Forward, mask: Tensor): Emitted {
  const { build } = f;
  const x = f.inputs[0]!;
  const [T, E] = x.shape as [number, number];
  const shares = build.tensor([T]);
  build.call('mask_shares', { mask: build.at(mask), shares: build.at(shares) }, { T }, {});
  const y = f.output();
  const each = { bImage: T, bA: 0, bB: 1, bL: 0 };
  const values = { aImage: T * E, aA: 0, aB: E, aL: 1 };
  const sizes = { A: 1, B: T, L: E, ...each };
  const operands = { a: build.at(x), b: build.at(shares), y: build.at(y) };
  build.call('sum_product', operands, { over: 2, ...sizes, ...values, yImage: E, yA: 0, yB: 0 }, {});
  return {
    output: y,
    backward(g) {
      if (!g.wants(0)) return;
      const one = { aImage: E, aA: 0, aB: 0, aL: 1 };
      const back = { a: build.at(g.dY), b: build.at(shares), y: build.at(g.dInput(0)) };
      build.call('combine', back, { operation: 2, ...sizes, ...one, yImage: T * E, yA: 0, yB: E }, {});
    },
  };
}
