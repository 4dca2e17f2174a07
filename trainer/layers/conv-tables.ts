// conv-tables.ts: a convolution's geometry as offset tables for the kernels `conv` and `conv_dw` (kernels/signatures.ts). No calls.
import { type Halo, NO_HALO, type Tensor } from '../tensor.ts';
import type { Conv2DConfig } from './conv2d.ts';
import type { WindowGeometry } from './window.ts';

/** What the tables depend on. */
export type ConvWindows = Pick<Conv2DConfig, 'kernel_size' | 'strides' | 'dilation_rate' | 'groups'>;

/** Tables of one call of `conv`, or of `depthwise`; offsets in bytes. */
export interface ConvTables {
  readonly x: Uint32Array;
  readonly y: Uint32Array;
  readonly skips: Int32Array;
  readonly runs: number;
  readonly len: number;
  /** Where each tap reads, from where the window starts to read. */
  readonly offsets: Uint32Array;
}

const bytes = (floats: number): number => 4 * floats;

/**
 * Runs of contiguous floats under one window: taps of `channels` floats, `columns` of them `columnStep` floats apart, in `rows`
 * rows `rowStep` floats apart. Taps that touch become one run. After a run the kernel stands at its end: skips lead on.
 */
function runsOf(rows: number, columns: number, channels: number, rowStep: number, columnStep: number) {
  const joined = columns === 1 || columnStep === channels;
  const len = joined ? columns * channels : channels;
  const perRow = joined ? 1 : columns;
  const skips = Int32Array.from({ length: rows * perRow }, (_, run) => {
    const lastOfRow = (run + 1) % perRow === 0;
    return bytes(lastOfRow ? rowStep - (perRow - 1) * columnStep - len : columnStep - len);
  });
  const offsets = Uint32Array.from({ length: rows * columns }, (_, tap) =>
    bytes(Math.floor(tap / columns) * rowStep + (tap % columns) * columnStep),
  );
  return { runs: rows * perRow, len, skips, offsets };
}

/** Floats from a tensor's first element back to the corner of its halo that the first window touches. */
export const cornerOf = (t: Tensor, top: number, left: number): number => -(top * t.rowStride + left * t.shape[2]!);

/** Forward: y[oy, ox] reads x from (oy * stride, ox * stride) on, counted from the padded corner. */
export function forwardTables(c: ConvWindows, x: Tensor, y: Tensor): ConvTables {
  const [height, width, filters] = y.shape as [number, number, number];
  const channels = x.shape[2]!;
  const [kh, kw] = c.kernel_size;
  const [dilationH, dilationW] = c.dilation_rate;
  const runs = runsOf(kh, kw, channels / c.groups, dilationH * x.rowStride, dilationW * channels);
  const pixels = height * width;
  const at = (p: number, row: number, column: number) => bytes(Math.floor(p / width) * row + (p % width) * column);
  return {
    ...runs,
    x: Uint32Array.from({ length: pixels }, (_, p) => at(p, c.strides[0] * x.rowStride, c.strides[1] * channels)),
    y: Uint32Array.from({ length: pixels }, (_, p) => at(p, y.rowStride, filters)),
  };
}

/** The taps of one axis that reach inputs i = phase (mod stride), last first: then their outputs ascend, `step` apart. */
interface Phase {
  readonly taps: readonly number[];
  /** Inputs of this phase, and for each the output under its first tap; may be negative: the halo. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly step: number;
}

function phasesOf(input: number, size: number, stride: number, dilation: number, before: number): readonly Phase[] {
  return Array.from({ length: stride }, (_, phase) => {
    const all = Array.from({ length: size }, (_, i) => size - 1 - i);
    const taps = all.filter((tap) => (((phase + before - tap * dilation) % stride) + stride) % stride === 0);
    const inputs = Array.from({ length: input }, (_, i) => i).filter((i) => i % stride === phase);
    const outputs = inputs.map((i) => (i + before - (taps[0] ?? 0) * dilation) / stride);
    const step = taps.length > 1 ? ((taps[0]! - taps[1]!) * dilation) / stride : 1;
    return { taps, inputs, outputs, step };
  });
}

const axes = (c: ConvWindows, g: WindowGeometry, height: number, width: number) =>
  [
    phasesOf(height, c.kernel_size[0], c.strides[0], c.dilation_rate[0], g.rows.before),
    phasesOf(width, c.kernel_size[1], c.strides[1], c.dilation_rate[1], g.columns.before),
  ] as const;

/** Zeros that dX reads around dY. */
export function gradientHalo(c: ConvWindows, g: WindowGeometry, height: number, width: number): Halo {
  const [rows, columns] = axes(c, g, height, width);
  const reach = (phases: readonly Phase[], outputs: number): [before: number, after: number] => {
    let before = 0;
    let after = 0;
    for (const { taps, outputs: first, step } of phases) {
      if (taps.length === 0 || first.length === 0) continue;
      before = Math.max(before, -first[0]!);
      after = Math.max(after, first.at(-1)! + (taps.length - 1) * step - (outputs - 1));
    }
    return [before, after];
  };
  const [top, bottom] = reach(rows, g.rows.output);
  const [left, right] = reach(columns, g.columns.output);
  return { ...NO_HALO, top, bottom, left, right };
}

/** dX, one call a stride phase: pixels of dX read dY under the taps that touched them. `taps` index the kernel, in order of K. */
export function backwardTables(
  c: ConvWindows,
  g: WindowGeometry,
  dY: Tensor,
  dX: Tensor,
): readonly (ConvTables & { readonly taps: readonly number[] })[] {
  const [height, width, channels] = dX.shape as [number, number, number];
  const filters = dY.shape[2]!;
  const [rows, columns] = axes(c, g, height, width);
  const tables: (ConvTables & { taps: readonly number[] })[] = [];
  for (const row of rows)
    for (const column of columns) {
      const x: number[] = [];
      const y: number[] = [];
      const none = row.taps.length === 0 || column.taps.length === 0;
      row.inputs.forEach((iy, i) => {
        column.inputs.forEach((ix, j) => {
          const oy = none ? 0 : row.outputs[i]! + dY.halo.top;
          const ox = none ? 0 : column.outputs[j]! + dY.halo.left;
          x.push(bytes(oy * dY.rowStride + ox * filters));
          y.push(bytes(iy * dX.rowStride + ix * channels));
        });
      });
      if (x.length === 0) continue;
      const taps = row.taps.flatMap((ky) => column.taps.map((kx) => ky * c.kernel_size[1] + kx));
      // an input that no window touches has no runs: its gradient is the empty sum
      const runs = none
        ? { runs: 0, len: 0, skips: new Int32Array(0), offsets: new Uint32Array(0) }
        : runsOf(
            row.taps.length,
            column.taps.length,
            filters / c.groups,
            row.step * dY.rowStride,
            column.step * filters,
          );
      tables.push({ ...runs, taps, x: Uint32Array.from(x), y: Uint32Array.from(y) });
    }
  return tables;
}

/** Row r = (tap, channel) of the kernel's gradient: where that tap reads x, from the padded corner. */
export function gradientRows(c: ConvWindows, x: Tensor): Uint32Array {
  const channels = x.shape[2]!;
  const perGroup = channels / c.groups;
  const [kh, kw] = c.kernel_size;
  const [dilationH, dilationW] = c.dilation_rate;
  return Uint32Array.from({ length: kh * kw * perGroup }, (_, r) => {
    const tap = Math.floor(r / perGroup);
    const ky = Math.floor(tap / kw);
    return bytes(ky * dilationH * x.rowStride + (tap % kw) * dilationW * channels + (r % perGroup));
  });
}
