// depthwise-conv2d.ts: each channel convolved with kernels of its own. Not the mixing of channels (separable-conv2d.ts).
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import { elements, type TensorSpec } from '../model.ts';
import { regularizer } from '../regularizers.ts';
import type { Tensor } from '../tensor.ts';
import { activated, fusedActivation } from './activate.ts';
import { activation, base, channelsLast, off, padding, pair, weight } from './common.ts';
import { backwardTables, cornerOf, forwardTables, gradientRows } from './conv-tables.ts';
import { type Conv2DConfig, conv2d, conv2dGeometry } from './conv2d.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';

/** Options of depthwise and separable convolution alike. */
export const depthwiseOptions = {
  ...base,
  kernel_size: pair,
  strides: pair.prefault(1),
  padding,
  depth_multiplier: z.int().positive().default(1),
  data_format: channelsLast,
  dilation_rate: pair.prefault(1),
  activation,
  use_bias: z.boolean().default(true),
  depthwise_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
  depthwise_regularizer: regularizer,
  bias_regularizer: regularizer,
  activity_regularizer: off,
  depthwise_constraint: constraint,
  bias_constraint: constraint,
} as const;

const config = strict(depthwiseOptions);
export type DepthwiseConv2DConfig = z.infer<typeof config>;

/**
 * The grouped convolution that this is: one group a channel. Its kernel (kh, kw, 1, C * multiplier) lies as Keras' depthwise one,
 * (kh, kw, C, multiplier).
 */
export function asConv2d(c: DepthwiseConv2DConfig, inputs: readonly TensorSpec[]): Conv2DConfig {
  const channels = inputs[0]!.shape.at(-1) ?? 1;
  const { depthwise_initializer, depthwise_regularizer, depthwise_constraint, depth_multiplier, ...rest } = c;
  return {
    ...rest,
    filters: channels * depth_multiplier,
    groups: channels,
    kernel_initializer: depthwise_initializer,
    kernel_regularizer: depthwise_regularizer,
    kernel_constraint: depthwise_constraint,
  };
}

export const depthwiseConv2d: LayerKind<DepthwiseConv2DConfig> = {
  className: 'DepthwiseConv2D',
  config,
  arity: [1, 1],
  shape: (c, inputs) => conv2d.shape(asConv2d(c, inputs), inputs),
  weights(c, inputs) {
    const channels = conv2dGeometry(asConv2d(c, inputs), inputs).channels;
    const kernel = weight(c, 'depthwise', [...c.kernel_size, channels, c.depth_multiplier], 'kernel');
    if (!c.use_bias) return [kernel];
    return [kernel, weight(c, 'bias', [channels * c.depth_multiplier])];
  },
  inputHalo: (c, input) => conv2d.inputHalo!(asConv2d(c, [input]), input),
  gradientHalo: (c, input) => conv2d.gradientHalo!(asConv2d(c, [input]), input),
  emit(c, f) {
    const x = f.inputs[0]!; // (H, W, C)
    const conv = asConv2d(c, [x]);
    if (c.depth_multiplier > 1) return conv2d.emit(conv, f);
    const y = f.output(); // (OH, OW, C)
    forward(conv, f, x, y);
    const { output, relu, undo } = activated(c.activation, f, y);
    return {
      output,
      relu,
      backward(g) {
        undo(g);
        weightGradients(conv, f, g, x);
        if (g.wants(0)) inputGradient(conv, f, g, x);
      },
    };
  },
};

/** Windows over channels as they lie: the tables' runs then hold all channels of a pixel. */
const together = (c: Conv2DConfig): Conv2DConfig => ({ ...c, groups: 1 });
const macs = (c: Conv2DConfig, y: Tensor): number => elements(y.shape) * c.kernel_size[0] * c.kernel_size[1];
/** Byte offsets of taps' weights, one row of C floats each. */
const weightRows = (taps: readonly number[], C: number): Uint32Array => Uint32Array.from(taps, (tap) => 4 * tap * C);

/** y = x * W + b, channel by channel, relu on top where that is the activation. */
function forward(c: Conv2DConfig, f: Forward, x: Tensor, y: Tensor): void {
  const { build } = f;
  const { rows, columns, channels: C } = conv2dGeometry(c, [x]);
  const { x: xTable, y: yTable, offsets } = forwardTables(together(c), x, y);
  const kernel = f.weight('kernel');
  build.call(
    'depthwise',
    {
      x: build.at(x, cornerOf(x, rows.before, columns.before)),
      w: kernel,
      bias: c.use_bias ? f.weight('bias') : kernel,
      y: build.at(y),
      xTable: build.tables.add(xTable),
      yTable: build.tables.add(yTable),
      xTaps: build.tables.add(offsets),
      wTaps: build.tables.add(weightRows([...offsets.keys()], C)),
    },
    {
      pixels: xTable.length,
      taps: offsets.length,
      C,
      xImage: x.imageStride,
      yImage: y.imageStride,
      hasBias: c.use_bias ? 1 : 0,
      activation: fusedActivation(c.activation, f),
    },
    {},
    { flops: 2 * macs(c, y) },
  );
}

/** dW[tap, c] = sum over pixels of x (under each tap) times dY; db = sum over pixels of dY. */
function weightGradients(c: Conv2DConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const { rows, columns, channels: C } = conv2dGeometry(c, [x]);
  const [H, W] = dY.shape as [number, number, number];
  const table = gradientRows(c, x); // one row a tap: a group has one channel
  build.call(
    'depthwise_dw',
    {
      x: build.at(x, cornerOf(x, rows.before, columns.before)),
      dy: build.at(dY),
      out: g.gradient('kernel'),
      rowTable: build.tables.add(table),
    },
    {
      R: table.length,
      C,
      H,
      W,
      xStep: c.strides[1] * C,
      xRow: c.strides[0] * x.rowStride,
      xImage: x.imageStride,
      dyStep: C,
      dyRow: dY.rowStride,
      dyImage: dY.imageStride,
    },
    {},
    { flops: 2 * macs(c, dY) },
  );
  if (!c.use_bias) return;
  const ints = { H, W, C, dyImage: dY.imageStride, dyRow: dY.rowStride };
  build.call('bias_gradient', { dy: build.at(dY), out: g.gradient('bias') }, ints, {}, { independent: true });
}

/** dX: dY convolved with the kernel turned around, stride phase by stride phase. */
function inputGradient(c: Conv2DConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const dX = g.dInput(0);
  const geometry = conv2dGeometry(c, [x]);
  const C = geometry.channels;
  const kernel = f.weight('kernel');
  backwardTables(together(c), geometry, dY, dX).forEach((tables, phase) => {
    build.call(
      'depthwise',
      {
        x: build.at(dY, cornerOf(dY, dY.halo.top, dY.halo.left)),
        w: kernel,
        bias: kernel,
        y: build.at(dX),
        xTable: build.tables.add(tables.x),
        yTable: build.tables.add(tables.y),
        xTaps: build.tables.add(tables.offsets),
        wTaps: build.tables.add(weightRows(tables.taps, C)),
      },
      {
        pixels: tables.x.length,
        taps: tables.offsets.length,
        C,
        xImage: dY.imageStride,
        yImage: dX.imageStride,
        hasBias: 0,
        activation: 0,
      },
      {},
      { independent: phase > 0, flops: phase === 0 ? 2 * macs(c, dY) : 0 },
    );
  });
}
