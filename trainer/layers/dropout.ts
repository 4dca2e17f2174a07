// dropout.ts: in training, zeroes a share `rate` of the values, of whole channels or of whole samples, and scales the others by
// 1 / (1 - rate). Its masks are drawn from a counter. Noise that is added or multiplied: noise.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { elements, type TensorSpec } from '../model.ts';
import { combine, spread, viewed } from '../strided.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { base, channelsLast, off, optionError, shapeError, shapeText } from './common.ts';
import type { Emitted, Forward, LayerKind } from './kind.ts';

export const rate = z.number().min(0).lt(1);
export const seed = z.null("null: the job's seed decides what is drawn").default(null);

/** noise_shape: of the batch's shape; null is the size that is there. Along axes of size 1 one draw serves all. */
const config = strict({
  ...base,
  rate,
  seed,
  noise_shape: z.array(z.int().positive().nullable()).nullable().default(null),
});
export type DropoutConfig = z.infer<typeof config>;

/** The shape of what is drawn for a sample. @throws SHOAL_MODEL */
function maskShape({ name, noise_shape }: DropoutConfig, { shape }: TensorSpec): readonly number[] {
  if (noise_shape === null) return shape;
  const [batch, ...rest] = noise_shape;
  const mask = rest.map((n, i) => n ?? shape[i]!);
  if (batch === null && mask.length === shape.length && mask.every((n, i) => n === 1 || n === shape[i])) return mask;
  const expected = `[null, ...], then 1 or the size of each axis of ${shapeText(shape)}`;
  throw optionError(
    name,
    `noise_shape ${JSON.stringify(noise_shape)}`,
    expected,
    'null stands for the size that is there.',
  );
}

export const dropout: LayerKind<DropoutConfig> = {
  className: 'Dropout',
  config,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    maskShape(c, inputs[0]!);
    return inputs[0]!;
  },
  weights: () => [],
  emit: (c, f) => emitDropout(f, c.rate, maskShape(c, f.spec)),
};

/** The identity where nothing is dropped; each value by itself where the mask has the sample's shape, else by a mask of its own. */
function emitDropout(f: Forward, share: number, mask: readonly number[]): Emitted {
  const x = f.inputs[0]!;
  if (!f.training || share === 0) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
  const y = f.output();
  if (elements(mask) < elements(x.shape)) return emitMask(f, share, mask, y);
  drop(f, share, x, y);
  // the same draws again: what was kept lets its gradient through, with the same factor
  return { output: y, backward: (g) => g.wants(0) && drop(f, share, g.dY, g.dInput(0)) };
}

function drop(f: Forward, share: number, x: Tensor, y: Tensor): void {
  const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
  const operands = { x: f.build.at(x), y: f.build.at(y) };
  f.build.call('dropout', operands, { ...viewOf(x, y), ...strides, site: f.site }, { rate: share });
}

/** y = x times a mask: dropped out ones. */
function emitMask(f: Forward, share: number, shape: readonly number[], y: Tensor): Emitted {
  const { build } = f;
  const mask = build.tensor(shape);
  const L = elements(shape);
  const ones = build.tables.add(new Float32Array(L).fill(1));
  const view = { H: 1, L, xImage: 0, xRow: L, yImage: L, yRow: L, site: f.site };
  build.call('dropout', { x: ones, y: build.at(mask) }, view, { rate: share });
  const through = (from: Tensor, to: Tensor): void =>
    combine(build, 'multiply', y.shape, viewed(build, from), spread(build, mask, y.shape), viewed(build, to));
  through(f.inputs[0]!, y);
  return { output: y, backward: (g) => g.wants(0) && through(g.dY, g.dInput(0)) };
}

/** A layer that draws once for all places of a channel. Keras writes `dtype` as a string, and no `trainable`. */
const spatial = (className: string, axes: number): LayerKind<z.infer<typeof spatialConfig>> => ({
  className,
  config: spatialConfig,
  arity: [1, 1],
  passesMask: true,
  shape({ name }, inputs) {
    const expected = axes === 1 ? '(steps, channels)' : '(rows, columns, channels)';
    if (inputs[0]!.shape.length !== axes + 1) throw shapeError(name, inputs, expected, 'Dropout drops single values.');
    return inputs[0]!;
  },
  weights: () => [],
  emit: (c, f) => emitDropout(f, c.rate, [...new Array<number>(axes).fill(1), f.spec.shape.at(-1)!]),
});
/** noise_shape: what tfjs writes. */
const spatialConfig = strict({ ...base, rate, seed, data_format: channelsLast, noise_shape: off }).transform(
  ({ noise_shape: _, ...c }) => c,
);
export const spatialDropout1d = spatial('SpatialDropout1D', 1);
export const spatialDropout2d = spatial('SpatialDropout2D', 2);

/** Drops whole samples of a residual branch: stochastic depth (Huang et al. 2016), named and keyed as in keras_hub. */
const pathConfig = strict({ ...base, rate, seed });
export const dropPath: LayerKind<z.infer<typeof pathConfig>> = {
  className: 'DropPath',
  config: pathConfig,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (c, f) =>
    emitDropout(
      f,
      c.rate,
      f.spec.shape.map(() => 1),
    ),
};

/** The same as keras.applications' ConvNeXt writes it. */
const depthConfig = strict({ ...base, drop_path_rate: rate, seed });
export const stochasticDepth: LayerKind<z.infer<typeof depthConfig>> = {
  className: 'StochasticDepth',
  config: depthConfig,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (c, f) =>
    emitDropout(
      f,
      c.drop_path_rate,
      f.spec.shape.map(() => 1),
    ),
};
