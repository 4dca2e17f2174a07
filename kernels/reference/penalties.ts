// penalties.ts: reference twins of regularisers, constraints, and of the sum of losses that the host gives.
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';
import { elementsOf } from './reduce.ts';
import { rowsOf } from './shared.ts';

/** Rows of each leaf of a call. */
function leafRows(memory: Views, b: number): readonly number[] {
  const word = b >> 2;
  const count = memory.u32[word + BINDING.leaves]!;
  if (count < 2) return [rowsOf(memory, b)];
  const at = memory.u32[word + BINDING.leafEnds]! >> 2;
  const ends = [...memory.u32.subarray(at, at + count)];
  return ends.map((end, i) => end - (ends[i - 1] ?? 0));
}

/** Values of leaves added in the tree: the first half as large a power of two as there is, then the rest. */
function treeSum(values: readonly number[]): number {
  if (values.length === 1) return values[0]!;
  const half = 2 ** Math.floor(Math.log2(values.length - 1));
  return treeSum(values.slice(0, half)) + treeSum(values.slice(half));
}

export const penalties: Family = (memory) => ({
  sum_rows(d, b) {
    const a = readArguments('sum_rows', memory, d, b);
    let at = a.at.values >> 3;
    const sums = leafRows(memory, b).map((rows) => {
      const values = memory.f64.subarray(at, at + rows);
      at += rows;
      return values.reduce((sum, value) => sum + value, 0);
    });
    memory.f64[a.at.sum >> 3] = treeSum(sums);
  },

  penalty(d, b, from, to) {
    const a = readArguments('penalty', memory, d, b);
    for (let tile = from; tile < to; tile++) {
      const [first, end] = elementsOf(a.count, tile, tile + 1);
      let sum = 0;
      for (let i = first; i < end; i++) {
        const w = memory.f32[(a.at.source >> 2) + i]!;
        sum += a.l1 * Math.abs(w) + a.l2 * w * w;
      }
      memory.f64[(a.at.sums >> 3) + tile] = sum;
    }
  },

  penalty_loss(d, b) {
    const a = readArguments('penalty_loss', memory, d, b);
    let whole = 0;
    for (let i = 0; i < a.count; i++) whole += memory.f64[(a.at.sums >> 3) + i]!;
    memory.f64[a.at.sum >> 3] = treeSum(leafRows(memory, b).map((rows) => whole * rows));
  },

  penalty_gradient(d, b, from, to) {
    const a = readArguments('penalty_gradient', memory, d, b);
    const rows = memory.f32[a.at.scalars >> 2]!;
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) {
      const p = memory.f32[(a.at.p >> 2) + i]!;
      memory.f32[(a.at.out >> 2) + i] = rows * (a.l1 * Math.sign(p) + 2 * a.l2 * p);
    }
  },

  limit_norm(d, b, from, to) {
    const a = readArguments('limit_norm', memory, d, b);
    const tiles = Math.ceil(a.inner / 4);
    for (let tile = from; tile < to; tile++) {
      const first = (tile % tiles) * 4;
      for (let column = first; column < Math.min(first + 4, a.inner); column++) {
        const at = (a.at.w >> 2) + Math.floor(tile / tiles) * a.K * a.inner + column;
        let squares = 0;
        for (let k = 0; k < a.K; k++) squares += memory.f32[at + k * a.inner]! ** 2;
        const norm = Math.sqrt(squares);
        const inside = Math.min(Math.max(norm, a.floor), a.ceiling);
        const factor = (a.rate * inside + (1 - a.rate) * norm) / (norm + 1e-7);
        for (let k = 0; k < a.K; k++) memory.f32[at + k * a.inner]! *= factor;
      }
    }
  },

  limit_sign(d, b, from, to) {
    const a = readArguments('limit_sign', memory, d, b);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) memory.f32[(a.at.w >> 2) + i] = Math.max(memory.f32[(a.at.w >> 2) + i]!, 0);
  },
});
