// random-color.ts: in training, each image with another contrast or brightness, drawn for it. Places: random-warp.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import { combine, constant, spread, sumProduct, viewed } from '../strided.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { base, channelsLast, shapeError } from './common.ts';
import { seed } from './dropout.ts';
import type { Forward, LayerKind } from './kind.ts';
import { drawn } from './noise.ts';

const range = z.tuple([z.number(), z.number()]);
const common = { ...base, seed, data_format: channelsLast, value_range: range.prefault([0, 255]) } as const;

function imageOf({ name }: { readonly name: string }, inputs: readonly TensorSpec[]): TensorSpec {
  if (inputs[0]!.shape.length === 3) return inputs[0]!;
  throw shapeError(name, inputs, 'an image (rows, columns, channels)', 'Put it before the Flatten layer.');
}

/** y = x between least and most. */
function clip(f: Forward, x: Tensor, y: Tensor, [least, most]: readonly [number, number]): void {
  const { build, spec } = f;
  const all = viewed(build, y);
  combine(build, 'maximum', spec.shape, viewed(build, x), constant(build, least, 3), all);
  combine(build, 'minimum', spec.shape, all, constant(build, most, 3), all);
}

/** dX = dY where nothing was clipped: where the value before is the value behind. */
function unclipped(f: Forward, dY: Tensor, before: Tensor, y: Tensor): Tensor {
  const { build } = f;
  const dX = build.tensor(f.spec.shape);
  const operands = { dy: build.at(dY), x: build.at(before), y: build.at(y), dx: build.at(dX) };
  const of = { dyImage: dY.imageStride, dyRow: dY.rowStride, xImage: before.imageStride, xRow: before.rowStride };
  const to = { yImage: y.imageStride, yRow: y.rowStride, dxImage: dX.imageStride, dxRow: dX.rowStride };
  build.call('pick', operands, { ...viewOf(dY, before, y, dX), ...of, ...to, others: 0 }, {});
  return dX;
}

const share = z.number().min(0).max(1);
const contrastConfig = strict({
  ...common,
  factor: z.union([share.transform((f) => [f, f] as const), z.tuple([share, share])]),
});
export type RandomContrastConfig = z.infer<typeof contrastConfig>;

/** (x - mean) times 1 - factor[0] to 1 + factor[1], + mean: the mean of each channel. */
export const randomContrast: LayerKind<RandomContrastConfig> = {
  className: 'RandomContrast',
  config: contrastConfig,
  arity: [1, 1],
  shape: imageOf,
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (H, W, C)
    if (!f.training) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
    const { shape } = f.spec;
    const factor = spread(build, drawn(build, [1], f.site, { low: 1 - c.factor[0], high: 1 + c.factor[1] }), shape);
    /** to = (from - mean) factor + mean. Its own transpose: gradients go back by it too. */
    const adjust = (from: Tensor, to: Tensor): void => {
      const mean = spread(build, build.tensor([shape[2]!]), shape);
      const [all, result] = [viewed(build, from), viewed(build, to)];
      sumProduct(build, shape, all, constant(build, 1 / (shape[0]! * shape[1]!), 3), mean);
      combine(build, 'subtract', shape, all, mean, result);
      combine(build, 'multiply', shape, result, factor, result);
      combine(build, 'add', shape, result, mean, result);
    };
    const before = build.tensor(shape);
    adjust(x, before);
    const y = f.output();
    clip(f, before, y, c.value_range);
    return { output: y, backward: (g) => g.wants(0) && adjust(unclipped(f, g.dY, before, y), g.dInput(0)) };
  },
};

const part = z.number().min(-1).max(1);
const brightnessConfig = strict({
  ...common,
  factor: z.union([
    part.transform((f) => [-Math.abs(f), Math.abs(f)] as const),
    z.tuple([part, part]).transform(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  ]),
});
export type RandomBrightnessConfig = z.infer<typeof brightnessConfig>;

/** x + factor[0] to factor[1] of the range of values. */
export const randomBrightness: LayerKind<RandomBrightnessConfig> = {
  className: 'RandomBrightness',
  config: brightnessConfig,
  arity: [1, 1],
  shape: imageOf,
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (H, W, C)
    if (!f.training) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
    const { shape } = f.spec;
    const width = c.value_range[1] - c.value_range[0];
    const shift = drawn(build, [1], f.site, { low: c.factor[0] * width, high: c.factor[1] * width });
    const before = build.tensor(shape);
    combine(build, 'add', shape, viewed(build, x), spread(build, shift, shape), viewed(build, before));
    const y = f.output();
    clip(f, before, y, c.value_range);
    return { output: y, backward: (g) => g.wants(0) && g.pass(0, unclipped(f, g.dY, before, y)) };
  },
};
