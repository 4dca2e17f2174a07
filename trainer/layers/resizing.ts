// resizing.ts: images of a given size, by resampling or by cutting: Resizing and CenterCrop. By a factor: up-sampling.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { croppingOf } from './border.ts';
import { base, channelsLast, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';
import { emitResample, resizing as taps } from './resample.ts';

const size = z.int().positive();
const no = z.literal(false, 'false: Shoal does not have it yet').default(false);
const config = strict({
  ...base,
  height: size,
  width: size,
  interpolation: z.enum(['nearest', 'bilinear']).default('bilinear'),
  crop_to_aspect_ratio: no,
  pad_to_aspect_ratio: no,
  fill_mode: z.literal('constant').default('constant'),
  fill_value: z.literal(0).default(0),
  antialias: no,
  data_format: channelsLast,
});
export type ResizingConfig = z.infer<typeof config>;

export const resizing: LayerKind<ResizingConfig> = {
  className: 'Resizing',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length !== 3) throw shapeError(c.name, inputs, 'an image (rows, columns, channels)', 'Reshape it first.');
    return { shape: [c.height, c.width, shape[2]!] };
  },
  weights: () => [],
  emit(c, f) {
    const [H, W] = f.inputs[0]!.shape as [number, number, number];
    return emitResample(f, taps(H, c.height, c.interpolation), taps(W, c.width, c.interpolation));
  },
};

const cropConfig = strict({ ...base, height: size, width: size, data_format: channelsLast });
export type CenterCropConfig = z.infer<typeof cropConfig>;

/** What is cut off; where it is odd, one more at the end. */
function borderOf(c: CenterCropConfig, [H, W]: readonly number[]) {
  const top = Math.floor((H! - c.height) / 2);
  const left = Math.floor((W! - c.width) / 2);
  return { top, left, bottom: H! - c.height - top, right: W! - c.width - left };
}

export const centerCrop: LayerKind<CenterCropConfig> = {
  className: 'CenterCrop',
  config: cropConfig,
  arity: [1, 1],
  shape(c, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length !== 3 || shape[0]! < c.height || shape[1]! < c.width) {
      const expected = `an image of at least (${c.height}, ${c.width}, channels)`;
      throw shapeError(c.name, inputs, expected, 'Put a Resizing layer before it.');
    }
    return { shape: [c.height, c.width, shape[2]!] };
  },
  weights: () => [],
  emit: (c, f) => croppingOf(c.name, borderOf(c, f.inputs[0]!.shape)).emit(c, f),
};
