// convolution.ts: convolutions in ops of tfjs, which has no gradient where taps lie apart, nor groups: both are said in other words.
import type { Conv2DConfig } from '../../layers/conv2d.ts';
import type { DepthwiseConv2DConfig } from '../../layers/depthwise-conv2d.ts';
import { windowAxis } from '../../layers/window.ts';
import { type Lowering, lowering } from '../kind.ts';
import type { Tensor, Tensor4D, Tf } from '../tf.ts';
import { finish } from './dense.ts';
import { averagePooling2d, maxPooling2d } from './pooling.ts';

type Pair = readonly [number, number];
const two = ([a, b]: Pair): [number, number] => [a, b];

/** Zeros between the taps of a kernel (kh, kw, C, N). */
function spread(tf: Tf, kernel: Tensor4D, [dh, dw]: Pair): Tensor4D {
  if (dh === 1 && dw === 1) return kernel;
  const [kh, kw, C, N] = kernel.shape;
  const apart = (x: Tensor, d: number) =>
    tf.pad(x, [
      [0, 0],
      [0, d - 1],
      [0, 0],
    ]);
  const wide = apart(tf.reshape(kernel, [kh * kw, 1, C * N]), dw);
  const tall = apart(tf.reshape(wide, [kh, 1, kw * dw * C * N]), dh);
  const taps = tf.reshape(tall, [kh * dh, kw * dw, C, N]) as Tensor4D;
  return tf.slice4d(taps, [0, 0, 0, 0], [(kh - 1) * dh + 1, (kw - 1) * dw + 1, C, N]);
}

/** Part `i` of `parts` of the last axis. */
function part(tf: Tf, x: Tensor4D, i: number, parts: number): Tensor4D {
  const [a, b, c, channels] = x.shape;
  const size = channels / parts;
  return tf.slice4d(x, [0, 0, 0, i * size], [a, b, c, size]);
}

/**
 * Padding as tfjs takes it. 'causal' is done by zeros put before; and so is 'same' where windows leave pixels out, for there tfjs-backend-wasm
 * places them wrongly.
 */
function padded(
  tf: Tf,
  x: Tensor4D,
  c: Pick<Conv2DConfig, 'kernel_size' | 'strides' | 'dilation_rate'> & { readonly padding: string },
): { readonly x: Tensor4D; readonly padding: 'valid' | 'same' } {
  const { kernel_size: kernel, strides, dilation_rate: dilation, padding } = c;
  if (padding === 'valid' || (padding === 'same' && strides.every((stride, i) => stride <= kernel[i]!)))
    return { x, padding };
  const [rows, columns] = ([1, 2] as const).map((axis, i): [number, number] => {
    const { before, after } = windowAxis(
      x.shape[axis],
      kernel[i]!,
      strides[i]!,
      dilation[i]!,
      padding as 'same' | 'causal',
    );
    return [before, after];
  }) as [[number, number], [number, number]];
  const none = [...rows, ...columns].every((zeros) => zeros === 0);
  return { x: none ? x : tf.pad4d(x, [[0, 0], rows, columns, [0, 0]]), padding: 'valid' };
}

export const conv2d = lowering<Conv2DConfig>((c, l) => {
  const { tf } = l;
  const { x, padding } = padded(tf, l.inputs[0]! as Tensor4D, c);
  const kernel = spread(tf, l.weight('kernel') as Tensor4D, c.dilation_rate);
  const strides = two(c.strides);
  if (c.groups === 1) return finish(c, l, tf.conv2d(x, kernel, strides, padding));
  const groups = Array.from({ length: c.groups }, (_, i) =>
    tf.conv2d(part(tf, x, i, c.groups), part(tf, kernel, i, c.groups), strides, padding),
  );
  return finish(c, l, tf.concat(groups, 3));
});

export const depthwiseConv2d = lowering<DepthwiseConv2DConfig>((c, l) => {
  const { tf } = l;
  const { x, padding } = padded(tf, l.inputs[0]! as Tensor4D, c);
  const kernel = spread(tf, l.weight('kernel') as Tensor4D, c.dilation_rate);
  return finish(c, l, tf.depthwiseConv2d(x, kernel, two(c.strides), padding));
});

type Pool1D = { readonly pool_size: number; readonly strides: number };
type Conv1D = { readonly kernel_size: number; readonly strides: number; readonly dilation_rate: number };

/** A layer along steps as the one over images of one row. `to`: its configuration. */
const oneDimensional = <C>(of: Lowering<never>, to: (c: C) => object): Lowering<never> =>
  lowering<C>((c, l) => {
    const { tf, inputs, spec } = l;
    const row = (name: string) => (name === 'kernel' ? tf.expandDims(l.weight(name), 0) : l.weight(name));
    const wide = {
      ...l,
      inputs: inputs.map((x) => tf.expandDims(x, 1)),
      spec: { shape: [1, ...spec.shape] },
      weight: row,
    };
    return tf.squeeze(of(to(c) as never, wide), [1]);
  });

export const conv1d = oneDimensional<Conv1D>(conv2d, (c) => ({
  ...c,
  kernel_size: [1, c.kernel_size],
  strides: [1, c.strides],
  dilation_rate: [1, c.dilation_rate],
}));

const pool1d = (c: Pool1D) => ({ ...c, pool_size: [1, c.pool_size], strides: [1, c.strides] });
export const maxPooling1d = oneDimensional(maxPooling2d, pool1d);
export const averagePooling1d = oneDimensional(averagePooling2d, pool1d);
