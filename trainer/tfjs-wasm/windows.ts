// windows.ts: a convolution of tfjs as the tables of the trainer's layers know it, and images brought into the layout that kernels read:
// channels last, in a halo of zeros. No gradients (conv-gradients.ts).
import type { backend_util } from '@tensorflow/tfjs-core';
import { ShoalError } from '../../base/errors.ts';
import type { Operand } from '../../kernels/abi.ts';
import type { ConvWindows } from '../layers/conv-tables.ts';
import type { WindowAxis, WindowGeometry } from '../layers/window.ts';
import { type Halo, hasHalo, layoutOf, type Tensor } from '../tensor.ts';
import type { RecipeBuilder } from './recipe.ts';

/** A convolution over `images` images (height, width, channels), giving (outHeight, outWidth, filters). */
export interface Windows {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  readonly conv: ConvWindows;
  readonly geometry: WindowGeometry;
  /** Rows and columns of dy as it lies: at least those of the outputs. */
  readonly given: readonly [height: number, width: number];
  /** Tensors hold the channels before the rows (NCHW). */
  readonly first: boolean;
}

/** The last window may reach beyond what tfjs calls padding (dimRoundingMode 'ceil'), or end before it. */
function axis(output: number, stride: number, reach: number, before: number, input: number): WindowAxis {
  return { output, before, after: Math.max(0, (output - 1) * stride + reach - before - input) };
}

/**
 * @param dy shape of the gradient, rank 4
 * @throws SHOAL_TFJS_INPUT where it does not cover the windows' outputs; rows and columns beyond them are left out, as tfjs does
 */
export function windowsOf(op: string, c: backend_util.Conv2DInfo, groups: number, dy: readonly number[]): Windows {
  const first = c.dataFormat === 'channelsFirst';
  const [height, width] = first ? [2, 3] : [1, 2];
  const given: [number, number] = [dy[height]!, dy[width]!];
  const covered = dy.map((n, i) => (i === height || i === width ? Math.min(n, c.outShape[i]!) : n));
  checkShape(op, 'dy', dy, c.outShape, covered);
  return {
    given,
    images: c.batchSize,
    height: c.inHeight,
    width: c.inWidth,
    channels: c.inChannels,
    filters: c.outChannels,
    conv: {
      kernel_size: [c.filterHeight, c.filterWidth],
      strides: [c.strideHeight, c.strideWidth],
      dilation_rate: [c.dilationHeight, c.dilationWidth],
      groups,
    },
    geometry: {
      channels: c.inChannels,
      rows: axis(c.outHeight, c.strideHeight, c.effectiveFilterHeight, c.padInfo.top, c.inHeight),
      columns: axis(c.outWidth, c.strideWidth, c.effectiveFilterWidth, c.padInfo.left, c.inWidth),
    },
    first,
  };
}

/** A tensor of images and where it lies. */
export interface Images {
  readonly tensor: Tensor;
  /** Element 0 of image 0. */
  readonly at: Operand;
}

const tensorOf = (shape: readonly number[], halo: Halo): Tensor => ({
  shape,
  halo,
  place: { buffer: null, fixed: null },
  ...layoutOf(shape, halo),
});

/** An operand some floats further. */
export const moved = ({ space, at }: Operand, floats: number): Operand => ({ space, at: at + 4 * floats });

/** Strides, in floats, of images (H, W, C) as tfjs holds them. */
function dense([H, W, C]: readonly [number, number, number], first: boolean) {
  return first
    ? { image: H * W * C, row: W, column: 1, channel: H * W }
    : { image: H * W * C, row: W * C, column: C, channel: 1 };
}

/**
 * Images (H, W, C) as kernels read them: as they lie, or a copy with the channels last and a halo of zeros around each.
 * `lies`: rows and columns of the images in tfjs' heap, of which the first H and W are read. Default H and W.
 */
export function readable(
  build: RecipeBuilder,
  images: number,
  source: Operand,
  shape: readonly [number, number, number],
  options: { readonly first: boolean; readonly halo: Halo; readonly lies?: readonly [number, number] },
): Images {
  const { first, halo, lies: [height, width] = shape } = options;
  const tensor = tensorOf(shape, halo);
  if (!first && !hasHalo(halo) && height === shape[0] && width === shape[1]) return { tensor, at: source };
  const at = moved(build.room(images * tensor.imageStride, hasHalo(halo)), tensor.origin);
  copy(build, shape, { at: source, ...dense([height, width, shape[2]], first) }, { at, ...strides(tensor) });
  return { tensor, at };
}

/** Where kernels write images (H, W, C), channels last; `finish` brings them to where tfjs wants them. */
export function writable(
  build: RecipeBuilder,
  images: number,
  target: Operand,
  shape: readonly [number, number, number],
  first: boolean,
): Images & { finish(): void } {
  const tensor = tensorOf(shape, { top: 0, bottom: 0, left: 0, right: 0 });
  if (!first) return { tensor, at: target, finish() {} };
  const at = build.room(images * tensor.imageStride);
  const finish = () => copy(build, shape, { at, ...strides(tensor) }, { at: target, ...dense(shape, first) });
  return { tensor, at, finish };
}

interface Strided {
  readonly at: Operand;
  readonly image: number;
  readonly row: number;
  readonly column: number;
  readonly channel: number;
}

const strides = ({ shape, imageStride, rowStride }: Tensor) => ({
  image: imageStride,
  row: rowStride,
  column: shape[2]!,
  channel: 1,
});

/** Whole rows where both hold their channels last. */
function copy(build: RecipeBuilder, [H, W, C]: readonly [number, number, number], x: Strided, y: Strided): void {
  const rows = x.column === C && y.column === C && x.channel === 1 && y.channel === 1;
  const sizes = rows ? { A: H, B: 1, L: W * C } : { A: H, B: W, L: C };
  build.call(
    'move',
    { x: x.at, y: y.at },
    {
      ...sizes,
      ...{ xImage: x.image, xA: x.row, xB: x.column, xL: x.channel },
      ...{ yImage: y.image, yA: y.row, yB: y.column, yL: y.channel },
    },
  );
}

/** @throws SHOAL_TFJS_INPUT where a tensor has not the shape that the others make it have; `counted`: what of its shape is compared */
export function checkShape(
  operation: string,
  name: string,
  got: readonly number[],
  expected: readonly number[],
  counted: readonly number[] = got,
): void {
  if (counted.length === expected.length && counted.every((n, i) => n === expected[i])) return;
  throw new ShoalError({
    code: 'SHOAL_TFJS_INPUT',
    operation,
    got: `${name} of shape ${got.join(' x ')}`,
    expected: expected.join(' x '),
    hint: 'The other tensors, strides and padding ask for that shape.',
  });
}
