// more-layers.ts: layers of the oracle by class name, each a few lines over shared parts. Those with arithmetic of their own: index.ts.
import { conv2d } from './convolution.ts';
import type { DropoutDraw } from './pointwise.ts';
import { averagePool, maxPool } from './pooling.ts';
import type { Tape, Tensor } from './tape.ts';
import type { Pair } from './window.ts';

/** What a layer of the oracle is given. */
export interface Ask {
  readonly tape: Tape;
  readonly inputs: readonly Tensor[];
  readonly config: Readonly<Record<string, unknown>>;
  weight(name: string): Tensor;
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

export const moreLayers: Readonly<Record<string, Layer>> = {
  DepthwiseConv2D: (ask) => ask.finish(depthwise(ask, ask.inputs[0]!, ask.weight('kernel'))),
  SeparableConv2D(ask) {
    const middle = depthwise(ask, ask.inputs[0]!, ask.weight('depthwise_kernel'));
    const single = { strides: [1, 1], dilation_rate: [1, 1], padding: 'valid' };
    return ask.finish(convolve({ ...ask, config: single }, middle, ask.weight('pointwise_kernel'), 1));
  },
  GlobalAveragePooling1D: globalPool(averagePool),
  GlobalAveragePooling2D: globalPool(averagePool),
  GlobalMaxPooling1D: globalPool(maxPool),
  GlobalMaxPooling2D: globalPool(maxPool),
  AveragePooling1D: pool1d(averagePool),
  MaxPooling1D: pool1d(maxPool),
};
