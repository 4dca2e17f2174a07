// global-pooling.ts: one value a channel: the mean or the largest over a whole image. Windows that slide: pool.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import { NO_HALO, type Tensor } from '../tensor.ts';
import { averagePooling2d } from './average-pooling2d.ts';
import { base, channelsLast } from './common.ts';
import type { LayerKind } from './kind.ts';
import { maxPooling2d } from './max-pooling2d.ts';
import type { PoolConfig } from './pool.ts';
import { windowGeometry } from './window.ts';

export const globalPoolConfig = strict({ ...base, data_format: channelsLast, keepdims: z.boolean().default(false) });
export type GlobalPoolConfig = z.infer<typeof globalPoolConfig>;

/** Largest number of pixels in a window of max pooling: its kernel remembers in a byte which of them won. */
const MOST = 255;

/** Windows that leave one pixel, one after another: of ties the first in rows wins, as in one window over all. */
function stages(c: GlobalPoolConfig, largest: boolean, height: number, width: number): readonly PoolConfig[] {
  const pool = (size: readonly [number, number]): PoolConfig => {
    const { name, trainable, dtype, data_format } = c;
    return { name, trainable, dtype, data_format, pool_size: size, strides: size, padding: 'same' };
  };
  if (!largest) return [pool([height, width])];
  const list: PoolConfig[] = [];
  for (const [rows, size] of [
    [false, width],
    [true, height],
  ] as const) {
    for (let left = size; left > 1; left = Math.ceil(left / Math.min(left, MOST))) {
      const length = Math.min(left, MOST);
      list.push(pool(rows ? [length, 1] : [1, length]));
    }
  }
  return list.length > 0 ? list : [pool([1, 1])];
}

/** A layer that pools whole images (rows, columns, channels) to (channels), or (1, 1, channels) with keepdims. */
export const globalPooling2d = (className: string, kind: typeof maxPooling2d): LayerKind<GlobalPoolConfig> => ({
  className,
  config: globalPoolConfig,
  arity: [1, 1],
  shape(c, inputs) {
    const whole = { name: c.name, size: [1, 1], strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
    const { channels } = windowGeometry(whole, inputs);
    return { shape: c.keepdims ? [1, 1, channels] : [channels] };
  },
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!;
    const [height, width, channels] = x.shape as [number, number, number];
    const all = stages(c, kind === maxPooling2d, height, width);
    const y = f.output(); // (channels) or (1, 1, channels), perhaps with a halo
    const seen: Tensor = c.keepdims ? y : build.reshape(y, [1, 1, channels]);
    let spec: TensorSpec = x;
    const emitted: ReturnType<typeof kind.emit>[] = [];
    const inputs: Tensor[] = [];
    all.forEach((pool, i) => {
      const input = emitted.at(-1)?.output ?? x;
      spec = kind.shape(pool, [spec]);
      const output = i === all.length - 1 ? () => seen : () => build.tensor(spec.shape);
      inputs.push(input);
      emitted.push(kind.emit(pool, { ...f, inputs: [input], spec, output }));
    });
    return {
      output: y,
      backward(g) {
        if (!g.wants(0)) return;
        let dY = c.keepdims ? g.dY : build.reshape(g.dY, [1, 1, channels]);
        for (let i = all.length - 1; i > 0; i--) {
          const dX = build.tensor(inputs[i]!.shape, NO_HALO);
          emitted[i]!.backward({ ...g, dY, masked: false, dInput: () => dX, canMask: () => false });
          dY = dX;
        }
        emitted[0]!.backward({ ...g, dY, masked: false });
      },
    };
  },
});

export const globalAveragePooling2d = globalPooling2d('GlobalAveragePooling2D', averagePooling2d);
export const globalMaxPooling2d = globalPooling2d('GlobalMaxPooling2D', maxPooling2d);
