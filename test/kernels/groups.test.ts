// groups.test.ts: rows normalised by themselves, images by groups of channels, and their gradients, against their twins.
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const WIDTHS = [1, 3, 4, 5, 15, 16, 17, 33, 70];
const [rows, m] = [3, 7]; // 21 rows: more than one tile
/** Values with a mean of their own, so that it matters. */
const off = (length: number, seed: number) => noise(length, seed).map((v) => v + 3);
const flagsOf = (i: number) => ({ hasGamma: i % 3 === 0 ? 0 : 1, hasBeta: i % 2 });

kernelSuite(
  'row_normalize',
  WIDTHS.flatMap((C, i) =>
    [0, 1, 2].map(
      (mode): KernelCase<'row_normalize'> => ({
        title: `${C} columns, mode ${mode}`,
        rows,
        operands: {
          x: { data: off(rows * m * C, 1), misalign: 4 },
          gamma: { data: noise(C, 2), misalign: 8 },
          beta: { data: noise(C, 3), misalign: 4 },
          y: { data: zeros(rows * m * C), misalign: 4 },
          norm: { data: zeros(rows * m * 2) },
        },
        ints: { m, C, mode, ...flagsOf(i + mode) },
        floats: { epsilon: 0.001 },
        writes: ['y', 'norm'],
        // around their mean one or three values are mostly rounding
        tolerance: 1e-5,
      }),
    ),
  ),
);

const norms = Float32Array.from({ length: rows * m * 2 }, (_, i) => (i % 2 ? 1.5 + (i % 5) / 8 : 3 - (i % 7) / 16));

kernelSuite(
  'row_normalize_backward',
  WIDTHS.flatMap((C, i) =>
    [0, 1, 2].map(
      (mode): KernelCase<'row_normalize_backward'> => ({
        title: `${C} columns, mode ${mode}`,
        rows,
        operands: {
          dy: { data: noise(rows * m * C, 4), misalign: 4 },
          x: { data: off(rows * m * C, 1), misalign: 4 },
          gamma: { data: noise(C, 2), misalign: 8 },
          norm: { data: norms },
          dx: { data: zeros(rows * m * C), misalign: 4 },
        },
        ints: { m, C, mode, hasGamma: flagsOf(i).hasGamma },
        writes: ['dx'],
        tolerance: 2e-6,
      }),
    ),
  ),
);

kernelSuite(
  'row_normalize_gradients',
  WIDTHS.map(
    (C, i): KernelCase<'row_normalize_gradients'> => ({
      title: `${C} columns, with finished siblings`,
      rows: 11,
      operands: {
        dy: { data: noise(11 * m * C, 4), misalign: 4 },
        x: { data: off(11 * m * C, 1), misalign: 4 },
        norm: { data: Float32Array.from({ length: 11 * m * 2 }, (_, j) => norms[j % norms.length]!) },
        dGamma: { data: zeros(C), ladder: i % 2 ? [noise(C, 5), noise(C, 6)] : [] },
        dBeta: { data: zeros(C), ladder: i % 2 ? [noise(C, 7), noise(C, 8)] : [] },
      },
      ints: { m, C, hasGamma: 1, hasBeta: 1 },
      writes: ['dGamma', 'dBeta'],
      tolerance: 2e-6,
    }),
  ),
);

const IMAGES = [
  [1, 1, 3],
  [4, 2, 3],
  [6, 3, 5],
  [16, 4, 3],
  [17, 1, 4],
  [34, 2, 67],
  [15, 15, 5],
] as const;
const H = 3;

kernelSuite(
  'group_normalize',
  IMAGES.map(([C, groups, W], i): KernelCase<'group_normalize'> => {
    const [xRow, yRow] = [(W + 2) * C, (W + 1) * C];
    const P = 16 * Math.ceil(C / 16);
    return {
      title: `${C} channels in ${groups} groups, rows of ${W}`,
      rows,
      operands: {
        x: { data: off(rows * H * xRow, 1), misalign: 4 },
        gamma: { data: noise(C, 2), misalign: 8 },
        beta: { data: noise(C, 3), misalign: 4 },
        y: { data: zeros(rows * H * yRow), misalign: 4 },
        norm: { data: zeros(rows * 4 * P) },
      },
      ints: { H, W, C, groups, xImage: H * xRow, xRow, yImage: H * yRow, yRow, ...flagsOf(i) },
      floats: { epsilon: 0.001 },
      writes: ['y', 'norm'],
      tolerance: 1e-5,
    };
  }),
);

kernelSuite(
  'group_normalize_backward',
  IMAGES.map(([C, groups, W], i): KernelCase<'group_normalize_backward'> => {
    const [dyRow, xRow, dxRow] = [W * C, (W + 2) * C, (W + 1) * C];
    const P = 16 * Math.ceil(C / 16);
    // scale, shift, mean, 1 / deviation: the last two the same for a group
    const norm = Float32Array.from({ length: rows * 4 * P }, (_, j) => {
      const [which, group] = [Math.floor(j / P) % 4, Math.floor(((j % P) * groups) / C)];
      return which === 2 ? 3 + group / 16 : which === 3 ? 1.5 + group / 8 : 0.5 + (j % 5) / 4;
    });
    return {
      title: `${C} channels in ${groups} groups, rows of ${W}`,
      rows,
      operands: {
        dy: { data: noise(rows * H * dyRow, 4), misalign: 4 },
        x: { data: off(rows * H * xRow, 1), misalign: 4 },
        norm: { data: norm },
        partial: { data: zeros(rows * 2 * C), misalign: 8 },
        dx: { data: zeros(rows * H * dxRow), misalign: 4 },
      },
      ints: {
        ...{ H, W, C, groups, dyImage: H * dyRow, dyRow, xImage: H * xRow, xRow, dxImage: H * dxRow, dxRow },
        wantInput: i % 3 === 2 ? 0 : 1,
      },
      writes: ['norm', 'partial', 'dx'],
      tolerance: 2e-6,
    };
  }),
);
