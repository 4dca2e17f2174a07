// conv2d.ts: two-dimensional convolution over (rows, columns, channels). Not depthwise or transposed convolution.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import type { Tensor } from '../tensor.ts';
import { activated, fusedActivation } from './activate.ts';
import {
  activation,
  base,
  channelsLast,
  optionError,
  padding,
  pair,
  parameter,
  shapeError,
  weighted,
} from './common.ts';
import { backwardTables, cornerOf, forwardTables, gradientHalo, gradientRows } from './conv-tables.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';
import { type WindowGeometry, windowGeometry } from './window.ts';

const config = strict({
  ...base,
  filters: z.int().positive(),
  kernel_size: pair,
  strides: pair.prefault(1),
  padding,
  data_format: channelsLast,
  dilation_rate: pair.prefault(1),
  groups: z.int().positive().default(1),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
});
export type Conv2DConfig = z.infer<typeof config>;

/** Where the windows of a convolution lie. @throws SHOAL_SHAPE, SHOAL_MODEL */
export function conv2dGeometry(c: Conv2DConfig, inputs: Parameters<typeof windowGeometry>[1]): WindowGeometry {
  const { name, kernel_size: size, strides, dilation_rate: dilation, groups } = c;
  if (Math.max(...strides) > 1 && Math.max(...dilation) > 1) {
    const got = `strides ${strides.join(' x ')} with dilation_rate ${dilation.join(' x ')}`;
    throw optionError(name, got, 'strides or dilation_rate above 1, not both', 'Keras refuses it too.');
  }
  if (c.filters % groups !== 0) {
    throw optionError(
      name,
      `${c.filters} filters in ${groups} groups`,
      'a multiple of the groups',
      'Change one of them.',
    );
  }
  const geometry = windowGeometry({ name, size, strides, dilation, padding: c.padding }, inputs);
  if (geometry.channels % groups !== 0) {
    const expected = `(rows, columns, channels) with a multiple of ${groups} channels, one share for each group`;
    throw shapeError(name, inputs, expected, 'Change groups.');
  }
  return geometry;
}

export const conv2d: LayerKind<Conv2DConfig> = {
  className: 'Conv2D',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { rows, columns } = conv2dGeometry(c, inputs);
    return { shape: [rows.output, columns.output, c.filters] };
  },
  weights(c, inputs) {
    const { channels } = conv2dGeometry(c, inputs);
    const kernel = parameter('kernel', [...c.kernel_size, channels / c.groups, c.filters], c.kernel_initializer);
    return c.use_bias ? [kernel, parameter('bias', [c.filters], c.bias_initializer)] : [kernel];
  },
  inputHalo(c, input) {
    const { rows, columns } = conv2dGeometry(c, [input]);
    return { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after };
  },
  gradientHalo(c, input) {
    const [height, width] = input.shape as [number, number, number];
    return gradientHalo(c, conv2dGeometry(c, [input]), height, width);
  },
  emit(c, f) {
    const x = f.inputs[0]!; // (H, W, channels)
    const y = f.output(); // (OH, OW, filters)
    forward(c, f, x, y);
    const { output, relu, undo } = activated(c.activation, f, y);
    return {
      output,
      relu,
      backward(g) {
        undo(g);
        weightGradients(c, f, g, x);
        if (g.wants(0)) inputGradient(c, f, g, x);
      },
    };
  },
};

const macs = (c: Conv2DConfig, x: Tensor, y: Tensor): number =>
  y.shape[0]! * y.shape[1]! * c.filters * c.kernel_size[0] * c.kernel_size[1] * (x.shape[2]! / c.groups);

/** y = x * W + b, relu on top where that is the activation. */
function forward(c: Conv2DConfig, f: Forward, x: Tensor, y: Tensor): void {
  const { build } = f;
  const { rows, columns } = conv2dGeometry(c, [{ shape: x.shape }]);
  const tables = forwardTables(c, x, y);
  const N = c.filters / c.groups;
  const xGroup = x.shape[2]! / c.groups;
  const kernel = f.weight('kernel');
  const panels = { K: tables.runs * tables.len, N, ld: c.filters, groups: c.groups, groupStride: N };
  build.call(
    'conv',
    {
      x: build.at(x, cornerOf(x, rows.before, columns.before)),
      packed: f.packs.panels(kernel, `${c.name}/kernel`, panels),
      bias: c.use_bias ? f.weight('bias') : kernel,
      y: build.at(y),
      xTable: build.tables.add(tables.x),
      yTable: build.tables.add(tables.y),
      skips: build.tables.add(tables.skips),
    },
    {
      pixels: tables.x.length,
      runs: tables.runs,
      len: tables.len,
      N,
      groups: c.groups,
      xImage: x.imageStride,
      yImage: y.imageStride,
      xGroup,
      yGroup: N,
      hasBias: c.use_bias ? 1 : 0,
      activation: fusedActivation(c.activation, f),
    },
    {},
    { flops: 2 * macs(c, x, y) },
  );
}

/** dW = sum over pixels of x (under each tap) times dY; db = sum over pixels of dY. */
function weightGradients(c: Conv2DConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const { rows, columns } = conv2dGeometry(c, [{ shape: x.shape }]);
  const [H, W] = dY.shape as [number, number, number];
  const N = c.filters / c.groups;
  const channels = x.shape[2]!;
  const table = gradientRows(c, x);
  build.call(
    'conv_dw',
    {
      x: build.at(x, cornerOf(x, rows.before, columns.before)),
      dy: build.at(dY),
      out: g.gradient('kernel'),
      rowTable: build.tables.add(table),
    },
    {
      R: table.length,
      N,
      groups: c.groups,
      H,
      W,
      xStep: c.strides[1] * channels,
      xRow: c.strides[0] * x.rowStride,
      xImage: x.imageStride,
      dyStep: c.filters,
      dyRow: dY.rowStride,
      dyImage: dY.imageStride,
      xGroup: channels / c.groups,
      dyGroup: N,
      ldo: c.filters,
      outGroup: N,
    },
    {},
    { flops: 2 * macs(c, x, dY) },
  );
  if (!c.use_bias) return;
  const ints = { H, W, C: c.filters, dyImage: dY.imageStride, dyRow: dY.rowStride };
  build.call('bias_gradient', { dy: build.at(dY), out: g.gradient('bias') }, ints, {}, { independent: true });
}

/** dX: a convolution of dY with the kernel turned around, stride phase by stride phase. */
function inputGradient(c: Conv2DConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const dX = g.dInput(0);
  const N = x.shape[2]! / c.groups;
  const K = c.filters / c.groups;
  const kernel = f.weight('kernel');
  backwardTables(c, conv2dGeometry(c, [{ shape: x.shape }]), dY, dX).forEach((tables, phase) => {
    const { taps } = tables;
    const packing = { taps, K, N, ld: c.filters, groups: c.groups, groupStride: K };
    build.call(
      'conv',
      {
        x: build.at(dY, cornerOf(dY, dY.halo.top, dY.halo.left)),
        packed: taps.length === 0 ? kernel : f.packs.taps(kernel, `${c.name}/kernel`, packing),
        bias: kernel,
        y: build.at(dX),
        xTable: build.tables.add(tables.x),
        yTable: build.tables.add(tables.y),
        skips: build.tables.add(tables.skips),
      },
      {
        pixels: tables.x.length,
        runs: tables.runs,
        len: tables.len,
        N,
        groups: c.groups,
        xImage: dY.imageStride,
        yImage: dX.imageStride,
        xGroup: K,
        yGroup: N,
        hasBias: 0,
        activation: 0,
      },
      {},
      { independent: phase > 0, flops: phase === 0 ? 2 * macs(c, x, dY) : 0 },
    );
  });
}
