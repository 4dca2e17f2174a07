// conv-direct.ts: a convolution of any geometry as calls of `conv` and `conv_dw`, by offset tables. Not Winograd's form (winograd.ts).
import { type Halo, NO_HALO, type Tensor } from '../tensor.ts';
import { fusedActivation } from './activate.ts';
import { backwardTables, cornerOf, forwardTables, gradientHalo, gradientRows } from './conv-tables.ts';
import type { Conv2DConfig } from './conv2d.ts';
import type { Backward, Forward } from './kind.ts';
import type { WindowGeometry } from './window.ts';

/** One way to compute a convolution. x (H, W, channels), y (OH, OW, filters). */
export interface Convolution {
  /** Zeros that it reads around x. */
  inputHalo(c: Conv2DConfig, g: WindowGeometry): Halo;
  /** Zeros that it reads around dY; `height` and `width` are x's. `wanted`: whether dX is. */
  gradientHalo(c: Conv2DConfig, g: WindowGeometry, height: number, width: number, wanted: boolean): Halo;
  forward(c: Conv2DConfig, g: WindowGeometry, f: Forward, x: Tensor, y: Tensor): void;
  weightGradient(c: Conv2DConfig, geometry: WindowGeometry, f: Forward, g: Backward, x: Tensor): void;
  inputGradient(c: Conv2DConfig, geometry: WindowGeometry, f: Forward, g: Backward, x: Tensor): void;
}

export const direct: Convolution = {
  inputHalo: (_, { rows, columns }) => ({
    top: rows.before,
    bottom: rows.after,
    left: columns.before,
    right: columns.after,
  }),
  gradientHalo: (c, g, height, width, wanted) => (wanted ? gradientHalo(c, g, height, width) : NO_HALO),
  forward,
  weightGradient,
  inputGradient,
};

/** Multiply-adds for one sample. */
export const macs = (c: Conv2DConfig, x: Tensor, y: Tensor): number =>
  y.shape[0]! * y.shape[1]! * c.filters * c.kernel_size[0] * c.kernel_size[1] * (x.shape[2]! / c.groups);

/** y = x * W + b, relu on top where that is the activation. */
function forward(c: Conv2DConfig, { rows, columns }: WindowGeometry, f: Forward, x: Tensor, y: Tensor): void {
  const { build } = f;
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

/** dW = sum over pixels of x (under each tap) times dY. */
function weightGradient(c: Conv2DConfig, { rows, columns }: WindowGeometry, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
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
}

/** dX: a convolution of dY with the kernel turned around, stride phase by stride phase. */
function inputGradient(c: Conv2DConfig, geometry: WindowGeometry, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const dX = g.dInput(0);
  const N = x.shape[2]! / c.groups;
  const K = c.filters / c.groups;
  const kernel = f.weight('kernel');
  backwardTables(c, geometry, dY, dX).forEach((tables, phase) => {
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
