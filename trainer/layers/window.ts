// window.ts: the geometry of windows that slide over an image: convolution's and pooling's. No arithmetic on tensors.
import type { TensorSpec } from '../model.ts';
import { shapeError } from './common.ts';

/** Windows along one axis: how many, and how many zeros are thought before and after the image. */
export interface WindowAxis {
  readonly output: number;
  readonly before: number;
  readonly after: number;
}

export type Padding = 'valid' | 'same' | 'causal';

/** What a windowed layer's configuration says about its windows, [rows, columns]. */
export interface WindowConfig {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** 'causal', of sequences alone: all zeros before, so that a window sees nothing that comes later. */
  readonly padding: Padding;
}

/** Keras' rule: 'same' gives ceil(input / stride) windows, and of an odd number of zeros the extra one comes last. */
export function windowAxis(
  input: number,
  size: number,
  stride: number,
  dilation: number,
  padding: Padding,
): WindowAxis {
  const reach = (size - 1) * dilation + 1;
  if (padding === 'valid')
    return { output: Math.max(0, Math.floor((input - reach) / stride) + 1), before: 0, after: 0 };
  const output = Math.ceil(input / stride);
  if (padding === 'causal') return { output, before: reach - 1, after: 0 };
  const zeros = Math.max(0, (output - 1) * stride + reach - input);
  const before = Math.floor(zeros / 2);
  return { output, before, after: zeros - before };
}

export interface WindowGeometry {
  readonly channels: number;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
}

/**
 * Windows over an image (rows, columns, channels).
 * @throws SHOAL_SHAPE when the input is no image, or is smaller than one window
 */
export function windowGeometry(config: WindowConfig, inputs: readonly TensorSpec[]): WindowGeometry {
  const { shape } = inputs[0]!;
  if (shape.length !== 3) {
    throw shapeError(config.name, inputs, 'an image (rows, columns, channels)', 'Put it before the Flatten layer.');
  }
  const [height, width, channels] = shape as readonly [number, number, number];
  const axis = (input: number, i: 0 | 1) =>
    windowAxis(input, config.size[i], config.strides[i], config.dilation[i], config.padding);
  const rows = axis(height, 0);
  const columns = axis(width, 1);
  if (rows.output === 0 || columns.output === 0) {
    const least = config.size.map((n, i) => (n - 1) * config.dilation[i]! + 1);
    const expected = `at least (${least.join(', ')}, ${channels})`;
    throw shapeError(config.name, inputs, expected, 'Use a smaller window, or padding "same".');
  }
  return { channels, rows, columns };
}
