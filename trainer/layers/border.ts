// border.ts: rows and columns around an image, added as zeros or cut off: ZeroPadding2D, Cropping2D, and the same along steps.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { TensorSpec } from '../model.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { type Halo, hasHalo, type Tensor } from '../tensor.ts';
import { base, channelsLast, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';
import { oneDimensional } from './one-dimensional.ts';

const count = z.int().nonnegative();
type Ends = readonly [before: number, after: number];
const twice = (n: number): Ends => [n, n];
const ends = z.union([count.transform(twice), z.tuple([count, count])]);
/** One number for all sides, one for rows and one for columns, or [[top, bottom], [left, right]]; comes out as the last. */
const sides = z.union([
  count.transform((n) => [twice(n), twice(n)] as const),
  z.tuple([count.transform(twice), count.transform(twice)]),
  z.tuple([ends, ends]),
]);

interface Border {
  readonly name: string;
  readonly border: Halo;
}

const around = ([[top, bottom], [left, right]]: readonly [Ends, Ends]): Halo => ({ top, bottom, left, right });
const along = ([left, right]: Ends): Halo => ({ top: 0, bottom: 0, left, right });

function imageOf(name: string, inputs: readonly TensorSpec[]): readonly [number, number, number] {
  const { shape } = inputs[0]!;
  if (shape.length === 3) return shape as unknown as readonly [number, number, number];
  throw shapeError(name, inputs, 'an image (rows, columns, channels)', 'Put it before the Flatten layer.');
}

/** The part of a tensor inside a border: the border is not known to be zero, so it is no halo. Only for copyInside and clearing. */
const inside = (t: Tensor, border: Halo): Tensor => ({
  ...t,
  shape: [t.shape[0]! - border.top - border.bottom, t.shape[1]! - border.left - border.right, t.shape[2]!],
  origin: t.origin + border.top * t.rowStride + border.left * t.shape[2]!,
});

/** to = from, row by row: neither need be as wide as its rows are apart. */
function copyRows(build: PlanBuilder, from: Tensor, to: Tensor): void {
  const [H, W, C] = from.shape as [number, number, number];
  const strides = { xImage: from.imageStride, xRow: from.rowStride, yImage: to.imageStride, yRow: to.rowStride };
  build.call('copy', { x: build.at(from), y: build.at(to) }, { H, L: W * C, ...strides }, {});
}

/** whole = part with zeros around it. */
function surround(build: PlanBuilder, part: Tensor, whole: Tensor, border: Halo): void {
  const middle = inside(whole, border);
  const [H, W, C] = middle.shape as [number, number, number];
  const { top, bottom, left, right } = border;
  build.call(
    'clear_halo',
    { y: build.at(middle) },
    { H, L: W * C, top, bottom, left: left * C, right: right * C, yImage: whole.imageStride, yRow: whole.rowStride },
    {},
  );
  copyRows(build, part, middle);
}

const padding: LayerKind<Border> = {
  className: 'ZeroPadding2D',
  config: z.any(),
  arity: [1, 1],
  shape({ name, border }, inputs) {
    const [height, width, channels] = imageOf(name, inputs);
    return { shape: [height + border.top + border.bottom, width + border.left + border.right, channels] };
  },
  weights: () => [],
  inputHalo: (c) => c.border,
  emit({ border }, f) {
    const { build } = f;
    const x = f.inputs[0]!; // with at least the border as its halo
    const { top, bottom, left, right } = border;
    const rest = {
      top: x.halo.top - top,
      bottom: x.halo.bottom - bottom,
      left: x.halo.left - left,
      right: x.halo.right - right,
    };
    const outside = { top: -top, bottom: -bottom, left: -left, right: -right };
    const seen = { ...inside(x, outside), halo: rest };
    return {
      // the zeros are there already: the result is the same memory, seen wider
      output: hasHalo(rest) ? build.compact(seen) : seen,
      backward: (g) => g.wants(0) && copyRows(build, inside(g.dY, border), g.dInput(0)),
    };
  },
};

const cropping: LayerKind<Border> = {
  className: 'Cropping2D',
  config: z.any(),
  arity: [1, 1],
  shape({ name, border }, inputs) {
    const [height, width, channels] = imageOf(name, inputs);
    const shape = [height - border.top - border.bottom, width - border.left - border.right, channels];
    if (Math.min(...shape) > 0) return { shape };
    const least = `at least (${border.top + border.bottom + 1}, ${border.left + border.right + 1}, channels)`;
    throw shapeError(name, inputs, least, 'Crop less.');
  },
  weights: () => [],
  emit({ border }, f) {
    const y = f.output();
    copyRows(f.build, inside(f.inputs[0]!, border), y);
    return { output: y, backward: (g) => g.wants(0) && surround(f.build, g.dY, g.dInput(0), border) };
  },
};

/** A layer made of one of the two above: its own name and schema, and where its sides stand. */
function over<C>(className: string, config: z.ZodType<C>, kind: LayerKind<Border>, to: (c: C) => Border): LayerKind<C> {
  return {
    className,
    config,
    arity: kind.arity,
    shape: (c, inputs) => kind.shape(to(c), inputs),
    weights: () => [],
    ...(kind.inputHalo && { inputHalo: (c: C, input: TensorSpec) => kind.inputHalo!(to(c), input) }),
    emit: (c, f) => kind.emit(to(c), f),
  };
}

export const zeroPadding2d = over(
  'ZeroPadding2D',
  strict({ ...base, padding: sides.prefault(1), data_format: channelsLast }),
  padding,
  (c) => ({ name: c.name, border: around(c.padding) }),
);
export const cropping2d = over(
  'Cropping2D',
  strict({ ...base, cropping: sides.prefault(0), data_format: channelsLast }),
  cropping,
  (c) => ({ name: c.name, border: around(c.cropping) }),
);
export const zeroPadding1d = oneDimensional(
  'ZeroPadding1D',
  strict({ ...base, padding: ends.prefault(1), data_format: channelsLast }),
  padding,
  (c) => ({ name: c.name, border: along(c.padding) }),
);
export const cropping1d = oneDimensional(
  'Cropping1D',
  strict({ ...base, cropping: ends.prefault(1) }),
  cropping,
  (c) => ({ name: c.name, border: along(c.cropping) }),
);
/** What CenterCrop cuts is a border too. */
export const croppingOf = (name: string, border: Halo): Pick<LayerKind<unknown>, 'shape' | 'emit'> => ({
  shape: (_, inputs) => cropping.shape({ name, border }, inputs),
  emit: (_, f) => cropping.emit({ name, border }, f),
});
