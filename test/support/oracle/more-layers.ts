// more-layers.ts: layers of the oracle by class name, each a few lines over shared parts. Those with arithmetic of their own: index.ts.

import { affine } from './affine.ts';
import { type Mask, maskAfter, masked, maskedMean, multiHeadAttention } from './attention.ts';
import { conv2d } from './convolution.ts';
import { einsum } from './einsum.ts';
import { images } from './images.ts';
import { convTranspose, resize, shifted } from './linear.ts';
import { merging } from './merging.ts';
import { addBias, type DropoutDraw, dropout } from './pointwise.ts';
import { averagePool, maxPool } from './pooling.ts';
import type { Tape, Tensor } from './tape.ts';
import type { Pair } from './window.ts';

/** What a layer of the oracle is given. */
export interface Ask {
  readonly tape: Tape;
  readonly inputs: readonly Tensor[];
  readonly config: Readonly<Record<string, unknown>>;
  weight(name: string): Tensor;
  /** Of each input: which of its places hold something. */
  readonly masks: readonly Mask[];
  /** Number of the call in the model: keys its draws. */
  readonly site: number;
  /** Absent where the model does not train. */
  readonly draw: DropoutDraw | undefined;
  /** Adds the bias and applies the activation, where the configuration has them. */
  finish(y: Tensor): Tensor;
}

type Layer = (ask: Ask) => Tensor;

/** The same numbers and gradients under another shape. */
const seenAs = (t: Tensor, shape: readonly number[]): Tensor => ({ ...t, shape });

function convolve({ tape, config }: Ask, x: Tensor, kernel: Tensor, groups: number): Tensor {
  const strides = config['strides'] as Pair;
  const dilation = config['dilation_rate'] as Pair;
  return conv2d(tape, x, kernel, { strides, dilation, padding: config['padding'] as string, groups });
}

/** A convolution of as many groups as channels. kernel (kh, kw, C, multiplier). */
function depthwise(ask: Ask, x: Tensor, kernel: Tensor): Tensor {
  const [kh, kw, channels, multiplier] = kernel.shape as [number, number, number, number];
  return convolve(ask, x, seenAs(kernel, [kh, kw, 1, channels * multiplier]), channels);
}

/** (B, steps, C) as images of one row, and the result without that row. */
function asRow(x: Tensor, of: (image: Tensor) => Tensor): Tensor {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const y = of(seenAs(x, [batch, 1, steps, channels]));
  return seenAs(y, [batch, ...y.shape.slice(2)]);
}

type Pool = typeof maxPool;

const globalPool =
  (pool: Pool): Layer =>
  ({ tape, inputs, config }) => {
    const [batch, ...rest] = inputs[0]!.shape as [number, ...number[]];
    const [height, width, channels] = (rest.length === 2 ? [1, ...rest] : rest) as [number, number, number];
    const image = seenAs(inputs[0]!, [batch, height, width, channels]);
    const y = pool(tape, image, { size: [height, width], strides: [1, 1], padding: 'valid' });
    return seenAs(y, config['keepdims'] ? [batch, ...rest.slice(1).map(() => 1), channels] : [batch, channels]);
  };

const pool1d =
  (pool: Pool): Layer =>
  ({ tape, inputs, config }) => {
    const size = [1, config['pool_size'] as number] as const;
    const strides = [1, config['strides'] as number] as const;
    return asRow(inputs[0]!, (x) => pool(tape, x, { size, strides, padding: config['padding'] as string }));
  };

type Ends = readonly [number, number];
/** Rows and columns put before and after (negative: cut off). Sequences have columns alone. */
const bordered =
  (key: string, sign: 1 | -1): Layer =>
  ({ tape, inputs, config }) => {
    const [, ...shape] = inputs[0]!.shape as [number, ...number[]];
    const ends = (shape.length === 3 ? config[key] : [config[key]]) as readonly Ends[];
    const grown = shape.map((n, i) => n + sign * ((ends[i]?.[0] ?? 0) + (ends[i]?.[1] ?? 0)));
    return shifted(
      tape,
      inputs[0]!,
      grown,
      shape.map((_, i) => sign * (ends[i]?.[0] ?? 0)),
    );
  };

function transposed(ask: Ask): Tensor {
  const { inputs, config } = ask;
  const [strides, dilation] = [config['strides'] as Pair, config['dilation_rate'] as Pair];
  const kernel = ask.weight('kernel');
  const extra = config['output_padding'] as Pair | null;
  const [rows, columns] = ([0, 1] as const).map((i) => {
    const reach = (kernel.shape[i]! - 1) * dilation[i] + 1;
    const steps = (inputs[0]!.shape[i + 1]! - 1) * strides[i];
    const same = config['padding'] === 'same';
    // Keras' lengths; tf.nn.conv2d_transpose cuts the full spread on both sides alike, the odd one at the end
    const length = same
      ? extra
        ? steps + (reach % 2) + extra[i]
        : steps + strides[i]
      : steps + (extra ? reach + extra[i] : Math.max(reach, strides[i]));
    return { length, before: same ? Math.floor(Math.max(0, steps + reach - length) / 2) : 0 };
  }) as [{ length: number; before: number }, { length: number; before: number }];
  const shape = [rows.length, columns.length, config['filters'] as number] as const;
  return ask.finish(
    convTranspose(ask.tape, inputs[0]!, kernel, shape, strides, dilation, [rows.before, columns.before]),
  );
}

/** Drops what the mask that `of` gives for a sample's shape says. */
const dropped =
  (key: string, of: (shape: readonly number[], config: Ask['config']) => readonly number[]): Layer =>
  ({ tape, inputs, config, site, draw }) => {
    const x = inputs[0]!;
    return draw ? dropout(tape, x, config[key] as number, site, draw, of(x.shape.slice(1), config)) : x;
  };
const perSample = (shape: readonly number[]): readonly number[] => shape.map(() => 1);
const perChannel = (shape: readonly number[]): readonly number[] => shape.map((n, i) => (i < shape.length - 1 ? 1 : n));

/** A one-dimensional layer's options as those of images of one row. */
function widened(ask: Ask, keys: readonly string[]): Ask {
  const wide = Object.fromEntries(keys.map((key) => [key, ask.config[key] === null ? null : [1, ask.config[key]]]));
  return { ...ask, config: { ...ask.config, ...wide } };
}
const slides = ['strides', 'dilation_rate'];

export const moreLayers: Readonly<Record<string, Layer>> = {
  ...affine,
  ...images,
  Dropout: dropped('rate', (shape, config) => {
    const noise = config['noise_shape'] as readonly (number | null)[] | null;
    return noise ? noise.slice(1).map((n, i) => n ?? shape[i]!) : shape;
  }),
  DropPath: dropped('rate', perSample),
  StochasticDepth: dropped('drop_path_rate', perSample),
  SpatialDropout1D: dropped('rate', perChannel),
  SpatialDropout2D: dropped('rate', perChannel),
  Identity: ({ inputs }) => inputs[0]!,
  Resizing({ tape, inputs, config }) {
    const size = [config['height'] as number, config['width'] as number] as const;
    return resize(tape, inputs[0]!, ...size, config['interpolation'] as string);
  },
  CenterCrop({ tape, inputs, config }) {
    const [, H, W, C] = inputs[0]!.shape as [number, number, number, number];
    const [h, w] = [config['height'] as number, config['width'] as number];
    return shifted(tape, inputs[0]!, [h, w, C], [-Math.floor((H - h) / 2), -Math.floor((W - w) / 2), 0]);
  },
  DepthwiseConv1D(ask) {
    const kernel = ask.weight('kernel');
    const of = (x: Tensor) => depthwise(widened(ask, slides), x, seenAs(kernel, [1, ...kernel.shape]));
    return ask.finish(asRow(ask.inputs[0]!, of));
  },
  SeparableConv1D(ask) {
    const [kernel, mix] = [ask.weight('depthwise_kernel'), ask.weight('pointwise_kernel')];
    const single = { strides: [1, 1], dilation_rate: [1, 1], padding: 'valid' };
    const of = (x: Tensor) => {
      const middle = depthwise(widened(ask, slides), x, seenAs(kernel, [1, ...kernel.shape]));
      return convolve({ ...ask, config: single }, middle, seenAs(mix, [1, ...mix.shape]), 1);
    };
    return ask.finish(asRow(ask.inputs[0]!, of));
  },
  Conv1DTranspose(ask) {
    const kernel = ask.weight('kernel');
    const wide = widened(ask, [...slides, 'output_padding']);
    const extra = wide.config['output_padding'] as readonly number[] | null;
    const config = { ...wide.config, output_padding: extra ? [0, extra[1]!] : null };
    const seen = (name: string) => (name === 'kernel' ? seenAs(kernel, [1, ...kernel.shape]) : ask.weight(name));
    return asRow(ask.inputs[0]!, (x) => transposed({ ...wide, config, inputs: [x], weight: seen }));
  },
  ...merging,
  DepthwiseConv2D: (ask) => ask.finish(depthwise(ask, ask.inputs[0]!, ask.weight('kernel'))),
  SeparableConv2D(ask) {
    const middle = depthwise(ask, ask.inputs[0]!, ask.weight('depthwise_kernel'));
    const single = { strides: [1, 1], dilation_rate: [1, 1], padding: 'valid' };
    return ask.finish(convolve({ ...ask, config: single }, middle, ask.weight('pointwise_kernel'), 1));
  },
  GlobalAveragePooling1D: (ask) =>
    ask.masks[0] ? maskedMean(ask.tape, ask.inputs[0]!, ask.masks[0]) : globalPool(averagePool)(ask),
  Masking: ({ tape, inputs, config }) => {
    const mask = maskAfter({ className: 'Masking', config }, inputs, []);
    return masked(tape, inputs[0]!, mask!);
  },
  MultiHeadAttention: ({ tape, inputs, ...ask }) => multiHeadAttention(tape, inputs, ask),
  GlobalAveragePooling2D: globalPool(averagePool),
  GlobalMaxPooling1D: globalPool(maxPool),
  GlobalMaxPooling2D: globalPool(maxPool),
  AveragePooling1D: pool1d(averagePool),
  Conv1D(ask) {
    const { config } = ask;
    const wide = Object.fromEntries(['strides', 'dilation_rate'].map((key) => [key, [1, config[key]]]));
    const kernel = ask.weight('kernel');
    const convolution = { ...ask, config: { ...config, ...wide } };
    const image = (x: Tensor) =>
      convolve(convolution, x, seenAs(kernel, [1, ...kernel.shape]), config['groups'] as number);
    return ask.finish(asRow(ask.inputs[0]!, image));
  },
  EinsumDense(ask) {
    const y = einsum(ask.tape, ask.inputs[0]!, ask.weight('kernel'), ask.config['equation'] as string);
    return ask.finish(ask.config['bias_axes'] === null ? y : addBias(ask.tape, y, ask.weight('bias')));
  },
  Conv2DTranspose: transposed,
  Cropping1D: bordered('cropping', -1),
  Cropping2D: bordered('cropping', -1),
  UpSampling1D: ({ tape, inputs, config }) =>
    asRow(inputs[0]!, (x) => resize(tape, x, 1, x.shape[2]! * (config['size'] as number), 'nearest')),
  UpSampling2D({ tape, inputs, config }) {
    const [, height, width] = inputs[0]!.shape as [number, number, number, number];
    const [down, across] = config['size'] as Pair;
    return resize(tape, inputs[0]!, height * down, width * across, config['interpolation'] as string);
  },
  ZeroPadding1D: bordered('padding', 1),
  ZeroPadding2D: bordered('padding', 1),
  MaxPooling1D: pool1d(maxPool),
};
