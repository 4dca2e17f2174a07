// matrix.ts: reference twins of the matrix kernels and of their packing. Sums in f64, in order of K. Not fast.
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';
import { GEMM_BLOCK, OPEN_PANELS, OPEN_SLICES, OUT_BLOCK, PACK_BLOCK, PANEL, ROW_BLOCK } from '../signatures/blocks.ts';
import { addLadder, relu, rowOffsets, rowsOf } from './shared.ts';

const range = (block: number, size: number, end: number): readonly [number, number] => [
  block * size,
  Math.min(end, (block + 1) * size),
];

/** packed[place(k)] of one panel: columns from `column` on, zero from N on. */
function packRow(memory: Views, to: number, column: number, N: number, read: (column: number) => number): void {
  for (let q = 0; q < PANEL; q++) memory.f32[to + q] = column + q < N ? read(column + q) : 0;
}

export const matrix: Family = (memory) => ({
  pack_panels(d, b, from, to) {
    const a = readArguments('pack_panels', memory, d, b);
    const blocks = Math.ceil(a.K / PACK_BLOCK);
    const panels = Math.ceil(a.N / PANEL);
    for (let tile = from; tile < to; tile++) {
      const panel = Math.floor(tile / blocks); // counted over all groups
      const group = Math.floor(panel / panels);
      const source = (a.at.source >> 2) + group * a.groupStride;
      const [first, last] = range(tile % blocks, PACK_BLOCK, a.K);
      for (let k = first; k < last; k++) {
        const row = (a.at.packed >> 2) + (panel * a.K + k) * PANEL;
        packRow(memory, row, (panel % panels) * PANEL, a.N, (n) => memory.f32[source + k * a.ld + n]!);
      }
    }
  },

  pack_taps(d, b, from, to) {
    const a = readArguments('pack_taps', memory, d, b);
    const panels = Math.ceil(a.N / PANEL);
    for (let tile = from; tile < to; tile++) {
      const panel = Math.floor(tile / a.T); // counted over all groups
      const tap = tile % a.T;
      const group = Math.floor(panel / panels);
      const source = ((a.at.source + memory.u32[(a.at.taps >> 2) + tap]!) >> 2) + group * a.groupStride;
      for (let k = 0; k < a.K; k++) {
        const row = (a.at.packed >> 2) + ((panel * a.T + tap) * a.K + k) * PANEL;
        packRow(memory, row, (panel % panels) * PANEL, a.N, (n) => memory.f32[source + n * a.ld + k]!);
      }
    }
  },

  pack_transposed(d, b, from, to) {
    const a = readArguments('pack_transposed', memory, d, b);
    const M = rowsOf(memory, b) * a.m;
    for (let tile = from; tile < to; tile++)
      for (let k = 0; k < a.K; k++)
        for (let q = 0; q < a.width; q++) {
          const row = tile * a.width + q;
          const place = (a.at.packed >> 2) + (tile * a.K + k) * a.width + q;
          memory.f32[place] = row < M ? memory.f32[(a.at.source >> 2) + row * a.ld + k]! : 0;
        }
  },

  gemm(d, b, from, to) {
    const a = readArguments('gemm', memory, d, b);
    const [as, cs] = [rowOffsets(memory, b, a.m, 4 * a.lda), rowOffsets(memory, b, a.m, 4 * a.ldc)];
    const bundled = memory.u32[(b >> 2) + BINDING.bundles] !== 0;
    const M = as.length;
    const panels = Math.ceil(a.N / PANEL);
    const blocks = bundled ? 1 : Math.ceil(M / GEMM_BLOCK);
    const open = Math.ceil(panels / Math.ceil(panels / OPEN_PANELS));
    for (let tile = from; tile < to; tile++) {
      const group = Math.floor(tile / (open * blocks)) * open; // its first panel
      const across = Math.min(open, panels - group);
      const inside = tile - group * blocks;
      const block = Math.floor(inside / across);
      const [firstRow, lastRow] = [Math.floor((M * block) / blocks), Math.floor((M * (block + 1)) / blocks)];
      const [firstColumn, lastColumn] = range(group + (inside % across), PANEL, a.N);
      for (let i = firstRow; i < lastRow; i++)
        for (let j = firstColumn; j < lastColumn; j++) {
          let sum = a.hasBias ? memory.f32[(a.at.bias >> 2) + j]! : 0;
          for (let k = 0; k < a.K; k++)
            sum += memory.f32[((a.at.a + as[i]!) >> 2) + k]! * memory.f32[(a.at.w >> 2) + k * a.ldw + j]!;
          memory.f32[((a.at.c + cs[i]!) >> 2) + j] = a.activation === 1 ? relu(sum) : sum;
        }
    }
  },

  gemm_tn(d, b, from, to) {
    const a = readArguments('gemm_tn', memory, d, b);
    const [as, bs] = [rowOffsets(memory, b, a.m, 4 * a.lda), rowOffsets(memory, b, a.m, 4 * a.ldb)];
    const panels = Math.ceil(a.N / PANEL);
    for (let tile = from; tile < to; tile++) {
      const [firstRow, lastRow] = range(Math.floor(tile / panels), OUT_BLOCK, a.K);
      const [firstColumn, lastColumn] = range(tile % panels, PANEL, a.N);
      for (let k = firstRow; k < lastRow; k++)
        for (let j = firstColumn; j < lastColumn; j++) {
          let sum = 0;
          for (let i = 0; i < as.length; i++)
            sum += memory.f32[((a.at.a + as[i]!) >> 2) + k]! * memory.f32[((a.at.b + bs[i]!) >> 2) + j]!;
          const at = 4 * (k * a.ldo + j);
          memory.f32[(a.at.out + at) >> 2] = sum;
          addLadder(memory, b, a.at.out + at, a.offset.out + at);
        }
    }
  },

  gemm_nt(d, b, from, to) {
    const a = readArguments('gemm_nt', memory, d, b);
    const M = rowsOf(memory, b) * a.m;
    const blocks = Math.ceil(a.K / ROW_BLOCK);
    const slices = Math.ceil(M / a.width);
    for (let tile = from; tile < to; tile++) {
      const group = Math.floor(tile / (OPEN_SLICES * blocks)) * OPEN_SLICES; // its first slice
      const across = Math.min(OPEN_SLICES, slices - group);
      const inside = tile - group * blocks;
      const slice = group + (inside % across);
      const [firstRow, lastRow] = range(slice, a.width, M);
      const [firstColumn, lastColumn] = range(Math.floor(inside / across), ROW_BLOCK, a.K);
      for (let i = firstRow; i < lastRow; i++)
        for (let k = firstColumn; k < lastColumn; k++) {
          let sum = 0;
          const packed = (a.at.packedT >> 2) + slice * a.N * a.width + (i - firstRow);
          for (let n = 0; n < a.N; n++)
            sum += memory.f32[(a.at.w >> 2) + k * a.ldw + n]! * memory.f32[packed + n * a.width]!;
          memory.f32[(a.at.dx >> 2) + i * a.ldx + k] = sum;
        }
    }
  },
});
