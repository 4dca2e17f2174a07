// up-sampling.ts: images and sequences with each place several times, or what lies between places. Resizing to a size: resizing.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { base, channelsLast, pair, single } from './common.ts';
import type { LayerKind } from './kind.ts';
import { oneDimensional } from './one-dimensional.ts';
import { emitResample, resizing } from './resample.ts';
import { windowGeometry } from './window.ts';

const config = strict({
  ...base,
  size: pair.prefault(2),
  data_format: channelsLast,
  interpolation: z.enum(['nearest', 'bilinear']).default('nearest'),
});
export type UpSampling2DConfig = z.infer<typeof config>;

export const upSampling2d: LayerKind<UpSampling2DConfig> = {
  className: 'UpSampling2D',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const pixel = { name: c.name, size: [1, 1], strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
    const { rows, columns, channels } = windowGeometry(pixel, inputs);
    return { shape: [rows.output * c.size[0], columns.output * c.size[1], channels] };
  },
  weights: () => [],
  emit(c, f) {
    const [H, W] = f.inputs[0]!.shape as [number, number, number];
    const taps = (size: number, factor: number) => resizing(size, size * factor, c.interpolation);
    return emitResample(f, taps(H, c.size[0]), taps(W, c.size[1]));
  },
};

export const upSampling1d = oneDimensional(
  'UpSampling1D',
  strict({ ...base, size: single.prefault(2) }),
  upSampling2d,
  ({ name, trainable, dtype, size }) => ({
    ...{ name, trainable, dtype, size: [1, size] as const },
    ...{ data_format: 'channels_last' as const, interpolation: 'nearest' as const },
  }),
);
