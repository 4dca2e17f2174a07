// conv2d-transpose.ts: the transpose of a convolution: its forward pass is Conv2D's dX, its dX is Conv2D's forward pass, and in dW the two
// tensors have changed places. It shares Conv2D's kernels and tables.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import type { TensorSpec } from '../model.ts';
import { type Halo, NO_HALO, type Tensor } from '../tensor.ts';
import { activated, fusedActivation } from './activate.ts';
import { activation, base, channelsLast, optionError, padding, pair, weight, weighted } from './common.ts';
import {
  backwardTables,
  type ConvWindows,
  cornerOf,
  forwardTables,
  gradientHalo,
  gradientRows,
} from './conv-tables.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';
import { type WindowGeometry, windowGeometry } from './window.ts';

const extra = z.int().nonnegative();
const config = strict({
  ...base,
  filters: z.int().positive(),
  kernel_size: pair,
  strides: pair.prefault(1),
  padding,
  output_padding: z
    .union([extra, z.tuple([extra, extra])])
    .transform((n): readonly [number, number] => (typeof n === 'number' ? [n, n] : n))
    .nullable()
    .default(null),
  data_format: channelsLast,
  dilation_rate: pair.prefault(1),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
});
export type Conv2DTransposeConfig = z.infer<typeof config>;

/** Along one axis: the result's length, and what the convolution that this transposes pads it with. `output` is our input. */
function axis(c: Conv2DTransposeConfig, i: 0 | 1, length: number) {
  const reach = (c.kernel_size[i] - 1) * c.dilation_rate[i] + 1;
  const stride = c.strides[i];
  const extra = c.output_padding?.[i] ?? null;
  // zeros thought around the spread input, left and in all, as Keras counts them for every back end (backend_utils.py)
  const all =
    c.padding === 'valid'
      ? 2 * (reach - 1) + (extra ?? Math.max(reach, stride) - reach)
      : extra === null
        ? stride + reach - 2
        : reach + (reach % 2) - 2 + extra;
  const left = c.padding === 'valid' ? reach - 1 : Math.min(Math.ceil(all / 2), reach - 1);
  const result = (length - 1) * stride + 2 - reach + all;
  const before = reach - 1 - left;
  // windows may end beyond the result: their last taps then meet zeros
  const after = Math.max(0, (length - 1) * stride + reach - before - result);
  return { result, windows: { output: length, before, after } };
}

/** The windows of the convolution that this transposes, over our result; and that result's sizes. */
function geometryOf(c: Conv2DTransposeConfig, inputs: readonly TensorSpec[]) {
  const pixel = { name: c.name, size: [1, 1], strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
  const { rows: r, columns: k, channels } = windowGeometry(pixel, inputs);
  if (Math.max(...c.strides) > 1 && Math.max(...c.dilation_rate) > 1) {
    const got = `strides ${c.strides.join(' x ')} with dilation_rate ${c.dilation_rate.join(' x ')}`;
    throw optionError(c.name, got, 'strides or dilation_rate above 1, not both', 'Keras refuses it too.');
  }
  c.output_padding?.forEach((extra, i) => {
    if (extra < c.strides[i]!) return;
    const got = `output_padding ${extra} with stride ${c.strides[i]}`;
    throw optionError(c.name, got, 'less than the stride', 'Keras refuses it too.');
  });
  const [rows, columns] = [axis(c, 0, r.output), axis(c, 1, k.output)];
  const geometry: WindowGeometry = { channels: c.filters, rows: rows.windows, columns: columns.windows };
  return { geometry, height: rows.result, width: columns.result, channels };
}

const windowsOf = (c: Conv2DTransposeConfig): ConvWindows => ({ ...c, groups: 1 });

export const conv2dTranspose: LayerKind<Conv2DTransposeConfig> = {
  className: 'Conv2DTranspose',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { height, width } = geometryOf(c, inputs);
    return { shape: [height, width, c.filters] };
  },
  weights(c, inputs) {
    const { channels } = geometryOf(c, inputs);
    const kernel = weight(c, 'kernel', [...c.kernel_size, c.filters, channels]);
    return c.use_bias ? [kernel, weight(c, 'bias', [c.filters])] : [kernel];
  },
  inputHalo(c, input) {
    const { geometry, height, width } = geometryOf(c, [input]);
    return gradientHalo(windowsOf(c), geometry, height, width);
  },
  gradientHalo(c, input): Halo {
    const { rows, columns } = geometryOf(c, [input]).geometry;
    return { ...NO_HALO, top: rows.before, bottom: rows.after, left: columns.before, right: columns.after };
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

const macs = (c: Conv2DTransposeConfig, x: Tensor): number =>
  x.shape[0]! * x.shape[1]! * x.shape[2]! * c.kernel_size[0] * c.kernel_size[1] * c.filters;

/** y: x spread out by the strides, under the kernel turned around; stride phase by stride phase, bias and relu on top. */
function forward(c: Conv2DTransposeConfig, f: Forward, x: Tensor, y: Tensor): void {
  const { build } = f;
  const K = x.shape[2]!;
  const N = c.filters;
  const kernel = f.weight('kernel');
  backwardTables(windowsOf(c), geometryOf(c, [x]).geometry, x, y).forEach((tables, phase) => {
    const { taps } = tables;
    const packing = { taps, K, N, ld: K, groups: 1, groupStride: K };
    build.call(
      'conv',
      {
        x: build.at(x, cornerOf(x, x.halo.top, x.halo.left)),
        packed: taps.length === 0 ? kernel : f.packs.taps(kernel, `${c.name}/kernel`, packing),
        bias: c.use_bias ? f.weight('bias') : kernel,
        y: build.at(y),
        xTable: build.tables.add(tables.x),
        yTable: build.tables.add(tables.y),
        skips: build.tables.add(tables.skips),
      },
      {
        ...{ pixels: tables.x.length, runs: tables.runs, len: tables.len, N, groups: 1 },
        ...{ xImage: x.imageStride, yImage: y.imageStride, xGroup: K, yGroup: N },
        ...{ hasBias: c.use_bias ? 1 : 0, activation: fusedActivation(c.activation, f) },
      },
      {},
      { independent: phase > 0, flops: phase === 0 ? 2 * macs(c, x) : 0 },
    );
  });
}

/** dW: dY under each tap times x, summed over x's pixels; db: dY summed over its own. */
function weightGradients(c: Conv2DTransposeConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const { rows, columns } = geometryOf(c, [x]).geometry;
  const [H, W, channels] = x.shape as [number, number, number];
  const table = gradientRows(windowsOf(c), dY);
  build.call(
    'conv_dw',
    {
      x: build.at(dY, cornerOf(dY, rows.before, columns.before)),
      dy: build.at(x),
      out: g.gradient('kernel'),
      rowTable: build.tables.add(table),
    },
    {
      ...{ R: table.length, N: channels, groups: 1, H, W },
      ...{ xStep: c.strides[1] * c.filters, xRow: c.strides[0] * dY.rowStride, xImage: dY.imageStride },
      ...{ dyStep: channels, dyRow: x.rowStride, dyImage: x.imageStride },
      ...{ xGroup: 0, dyGroup: 0, ldo: channels, outGroup: 0 },
    },
    {},
    { flops: 2 * macs(c, x) },
  );
  if (!c.use_bias) return;
  const ints = { H: dY.shape[0]!, W: dY.shape[1]!, C: c.filters, dyImage: dY.imageStride, dyRow: dY.rowStride };
  build.call('bias_gradient', { dy: build.at(dY), out: g.gradient('bias') }, ints, {}, { independent: true });
}

/** dX: a convolution of dY with the kernel as it lies. */
function inputGradient(c: Conv2DTransposeConfig, f: Forward, g: Backward, x: Tensor): void {
  const { build } = f;
  const { dY } = g;
  const dX = g.dInput(0);
  const { rows, columns } = geometryOf(c, [x]).geometry;
  const N = x.shape[2]!;
  const tables = forwardTables(windowsOf(c), dY, dX);
  const kernel = f.weight('kernel');
  const panels = { K: tables.runs * tables.len, N, ld: N, groups: 1, groupStride: N };
  build.call(
    'conv',
    {
      x: build.at(dY, cornerOf(dY, rows.before, columns.before)),
      packed: f.packs.panels(kernel, `${c.name}/kernel`, panels),
      bias: kernel,
      y: build.at(dX),
      xTable: build.tables.add(tables.x),
      yTable: build.tables.add(tables.y),
      skips: build.tables.add(tables.skips),
    },
    {
      ...{ pixels: tables.x.length, runs: tables.runs, len: tables.len, N, groups: 1 },
      ...{ xImage: dY.imageStride, yImage: dX.imageStride, xGroup: c.filters, yGroup: N },
      ...{ hasBias: 0, activation: 0 },
    },
    {},
    { flops: 2 * macs(c, x) },
  );
}
