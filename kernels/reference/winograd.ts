// winograd.ts: reference twins of Winograd's F(2x2, 3x3): the transforms written as matrices, sums in f64. Not fast.
// Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), arXiv 1509.09308, section 4.1.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { PANEL, WINOGRAD_BLOCK } from '../signatures/blocks.ts';
import { addLadder, relu, rowsOf } from './shared.ts';

type Matrix = readonly (readonly number[])[];
const SAMPLES: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
]; // B^T
const WEIGHTS: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
]; // G
const RESULTS: Matrix = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
]; // A^T

const transposed = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map((row) => row[j]!));
/** Leaves products with 0 out, as the kernels do: they would make NaN of infinity. */
const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + product(value, b[k]![j]!), 0)));
/** T from T^T */
const both = (t: Matrix, from: Matrix): Matrix => times(times(t, from), transposed(t));
const square = (n: number, value: (i: number, j: number) => number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => value(i, j)));

export const winograd: Family = (memory) => ({
  pack_winograd(d, b, from, to) {
    const a = readArguments('pack_winograd', memory, d, b);
    const blocks = Math.ceil(a.K / WINOGRAD_BLOCK);
    for (let tile = from; tile < to; tile++) {
      const panel = Math.floor(tile / blocks);
      const first = (tile % blocks) * WINOGRAD_BLOCK;
      for (let k = first; k < Math.min(a.K, first + WINOGRAD_BLOCK); k++)
        for (let n = 0; n < PANEL; n++) {
          const column = panel * PANEL + n;
          const at = a.transposed ? column * a.ld + k : k * a.ld + column;
          const tap = (t: number) => memory.f32[((a.at.source + memory.u32[(a.at.taps >> 2) + t]!) >> 2) + at]!;
          const u = both(
            WEIGHTS,
            square(3, (i, j) => (column < a.N ? tap(3 * i + j) : 0)),
          );
          const to = (a.at.packed >> 2) + (panel * 16 * a.K + k) * PANEL + n;
          u.flat().forEach((value, f) => {
            memory.f32[to + f * a.K * PANEL] = value;
          });
        }
    }
  },

  winograd(d, b, from, to) {
    const a = readArguments('winograd', memory, d, b);
    const across = Math.ceil(a.W / 2);
    const perImage = Math.ceil(a.H / 2) * across;
    for (let patch = from * a.block; patch < Math.min(to * a.block, rowsOf(memory, b) * perImage); patch++) {
      const image = Math.floor(patch / perImage);
      const top = 2 * Math.floor((patch % perImage) / across);
      const left = 2 * (patch % across);
      const x = (a.at.x >> 2) + image * a.xImage + top * a.xRow + left * a.C;
      const v = Array.from({ length: a.C }, (_, c) =>
        both(
          SAMPLES,
          square(4, (i, j) => memory.f32[x + i * a.xRow + j * a.C + c]!),
        ).flat(),
      );
      for (let n = 0; n < a.N; n++) {
        const u = (a.at.packed >> 2) + Math.floor(n / PANEL) * 16 * a.C * PANEL + (n % PANEL);
        const sum = (f: number) =>
          v.reduce((total, channel, c) => total + channel[f]! * memory.f32[u + (f * a.C + c) * PANEL]!, 0);
        const y = both(
          RESULTS,
          square(4, (i, j) => sum(4 * i + j)),
        );
        const bias = a.hasBias ? memory.f32[(a.at.bias >> 2) + n]! : 0;
        for (let i = 0; i < Math.min(2, a.H - top); i++)
          for (let j = 0; j < Math.min(2, a.W - left); j++) {
            const value = y[i]![j]! + bias;
            const to = (a.at.y >> 2) + image * a.yImage + (top + i) * a.yRow + (left + j) * a.N + n;
            memory.f32[to] = a.activation === 1 ? relu(value) : value;
          }
      }
    }
  },

  winograd_dw(d, b, from, to) {
    const a = readArguments('winograd_dw', memory, d, b);
    const panels = Math.ceil(a.N / PANEL);
    const blocks = Math.ceil(a.C / WINOGRAD_BLOCK);
    const deep = Math.ceil(a.C / blocks);
    const across = Math.ceil(a.W / 2);
    const perImage = Math.ceil(a.H / 2) * across;
    for (let tile = from; tile < to; tile++) {
      const first = Math.floor(tile / panels) * deep;
      for (let c = first; c < Math.min(a.C, first + deep); c++)
        for (let n = (tile % panels) * PANEL; n < Math.min(a.N, ((tile % panels) + 1) * PANEL); n++) {
          const sums = new Array<number>(16).fill(0);
          for (let patch = 0; patch < rowsOf(memory, b) * perImage; patch++) {
            const image = Math.floor(patch / perImage);
            const top = 2 * Math.floor((patch % perImage) / across);
            const left = 2 * (patch % across);
            const x = (a.at.x >> 2) + image * a.xImage + top * a.xRow + left * a.C + c;
            const dy = (a.at.dy >> 2) + image * a.dyImage + top * a.dyRow + left * a.N + n;
            const v = both(
              SAMPLES,
              square(4, (i, j) => memory.f32[x + i * a.xRow + j * a.C]!),
            ).flat();
            const g = both(
              transposed(RESULTS),
              square(2, (i, j) => memory.f32[dy + i * a.dyRow + j * a.N]!),
            ).flat();
            for (let f = 0; f < 16; f++) sums[f]! += v[f]! * g[f]!;
          }
          const dW = both(
            transposed(WEIGHTS),
            square(4, (i, j) => sums[4 * i + j]!),
          ).flat();
          dW.forEach((value, tap) => {
            const at = 4 * ((tap * a.C + c) * a.ldo + n);
            memory.f32[(a.at.out + at) >> 2] = value;
            addLadder(memory, b, a.at.out + at, a.offset.out + at);
          });
        }
    }
  },
});
