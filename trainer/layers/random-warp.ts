// random-warp.ts: in training, each image turned over, turned, zoomed or shifted by what is drawn for it. Colours: random-color.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import type { Tensor } from '../tensor.ts';
import { base, channelsLast, shapeError } from './common.ts';
import { seed } from './dropout.ts';
import type { Emitted, Forward, LayerKind } from './kind.ts';
import { drawn } from './noise.ts';

const FILLS = { constant: 0, nearest: 1, reflect: 2, wrap: 3 } as const;
/** What warp_transform makes of the drawn numbers (kernels/signatures.ts). */
const KINDS = {
  horizontal: 1,
  vertical: 2,
  horizontal_and_vertical: 3,
  rotation: 4,
  zoom: 8,
  square: 9,
  shift: 16,
} as const;

type Range = readonly [low: number, high: number];
/** One number for both sides of 0, or [lower, upper]. */
const range = (least: number) =>
  z
    .union([z.number().min(least).max(1), z.tuple([z.number().min(least).max(1), z.number().min(least).max(1)])])
    .transform((f): Range => (typeof f === 'number' ? [-Math.abs(f), Math.abs(f)] : [Math.min(...f), Math.max(...f)]));

const image = { ...base, seed, data_format: channelsLast } as const;
const filled = {
  ...image,
  fill_mode: z.enum(['constant', 'nearest', 'reflect', 'wrap']).default('reflect'),
  fill_value: z.number().default(0),
  interpolation: z.enum(['nearest', 'bilinear']).default('bilinear'),
} as const;

interface Warp {
  readonly kind: keyof typeof KINDS;
  readonly u: Range;
  readonly v: Range;
  readonly fill_mode: keyof typeof FILLS;
  readonly fill_value: number;
  readonly interpolation: 'nearest' | 'bilinear';
}

function emitWarp(f: Forward, w: Warp): Emitted {
  const { build } = f;
  const x = f.inputs[0]!; // (H, W, C)
  if (!f.training) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
  const [H, W, C] = x.shape as [number, number, number];
  const transform = build.tensor([8]); // (rows, 8), the last two unused
  const numbers = drawn(build, [2], f.site, { low: 0, high: 1 });
  build.call(
    'warp_transform',
    { drawn: build.at(numbers), transform: build.at(transform) },
    { kind: KINDS[w.kind], H, W },
    { uLow: w.u[0], uHigh: w.u[1], vLow: w.v[0], vHigh: w.v[1] },
  );
  const outside = build.tables.add(new Float32Array(C).fill(w.fill_value));
  const sizes = { H, W, C, fill: FILLS[w.fill_mode], nearest: w.interpolation === 'nearest' ? 1 : 0 };
  const y = f.output();
  const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
  const at = build.at(transform);
  build.call('warp', { x: build.at(x), transform: at, outside, y: build.at(y) }, { ...sizes, ...strides }, {});
  const back = (dY: Tensor, dX: Tensor): void => {
    const of = { dyImage: dY.imageStride, dyRow: dY.rowStride, dxImage: dX.imageStride, dxRow: dX.rowStride };
    build.call('warp_backward', { dy: build.at(dY), transform: at, dx: build.at(dX) }, { ...sizes, ...of }, {});
  };
  return { output: y, backward: (g) => g.wants(0) && back(g.dY, g.dInput(0)) };
}

function warping<C extends { readonly name: string }>(
  className: string,
  config: z.ZodType<C>,
  of: (c: C) => Warp,
): LayerKind<C> {
  return {
    className,
    config,
    arity: [1, 1],
    shape({ name }, inputs: readonly TensorSpec[]) {
      if (inputs[0]!.shape.length === 3) return inputs[0]!;
      throw shapeError(name, inputs, 'an image (rows, columns, channels)', 'Put it before the Flatten layer.');
    },
    weights: () => [],
    emit: (c, f) => emitWarp(f, of(c)),
  };
}

/** Rows and columns are drawn apart: one image in four is turned over both ways. */
export const randomFlip = warping(
  'RandomFlip',
  strict({
    ...image,
    mode: z.enum(['horizontal', 'vertical', 'horizontal_and_vertical']).default('horizontal_and_vertical'),
  }),
  ({ mode }) => ({
    ...{ kind: mode, u: [0, 1], v: [0, 1] },
    ...{ fill_mode: 'nearest', fill_value: 0, interpolation: 'nearest' },
  }),
);

/** factor: of a whole turn. */
export const randomRotation = warping('RandomRotation', strict({ ...filled, factor: range(-1) }), (c) => ({
  ...c,
  ...{ kind: 'rotation', u: c.factor, v: [0, 0] },
}));

const around = ([low, high]: Range): Range => [1 + low, 1 + high];
/** Negative factors zoom in. Without a width_factor columns are zoomed as rows are. */
export const randomZoom = warping(
  'RandomZoom',
  strict({ ...filled, height_factor: range(-0.999), width_factor: range(-0.999).nullable().default(null) }),
  (c) => ({
    ...c,
    ...{ kind: c.width_factor ? 'zoom' : 'square', u: around(c.height_factor), v: around(c.width_factor ?? [0, 0]) },
  }),
);

/** Factors: of the height and of the width. */
export const randomTranslation = warping(
  'RandomTranslation',
  strict({ ...filled, height_factor: range(-1), width_factor: range(-1) }),
  (c) => ({ ...c, kind: 'shift', u: c.height_factor, v: c.width_factor }),
);
