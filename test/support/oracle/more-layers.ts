// more-layers.ts: layers of the oracle by class name, each a few lines over shared parts. Those with arithmetic of their own: index.ts.
import { conv2d } from './convolution.ts';
import type { DropoutDraw } from './pointwise.ts';
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

export const moreLayers: Readonly<Record<string, Layer>> = {
  DepthwiseConv2D: (ask) => ask.finish(depthwise(ask, ask.inputs[0]!, ask.weight('kernel'))),
  SeparableConv2D(ask) {
    const middle = depthwise(ask, ask.inputs[0]!, ask.weight('depthwise_kernel'));
    const single = { strides: [1, 1], dilation_rate: [1, 1], padding: 'valid' };
    return ask.finish(convolve({ ...ask, config: single }, middle, ask.weight('pointwise_kernel'), 1));
  },
};
