// shared.ts: what reference twins of several families share: the bindings' rows, the ladder, relu. No kernel.
import { BINDING, type Views } from '../abi.ts';

/** Rows of this micro-shard. */
export const rowsOf = (memory: Views, bindings: number): number => memory.i32[(bindings >> 2) + BINDING.rows]!;

/**
 * Bytes from a matrix of the arena to each of its rows: `m` of them are one row of the micro-shard. Rows of several bundles lie in an
 * arena each, and follow one another.
 */
export function rowOffsets(memory: Views, bindings: number, m: number, rowBytes: number): readonly number[] {
  const word = bindings >> 2;
  const arena = memory.u32[word + BINDING.base]!;
  const list = memory.u32[word + BINDING.bundles]! >> 2;
  const count = list === 0 ? 0 : memory.u32[list]!;
  const bundles = Array.from({ length: count }, (_, i) => memory.u32.subarray(list + 1 + 2 * i, list + 3 + 2 * i));
  const all = list === 0 ? [[arena, rowsOf(memory, bindings)]] : bundles;
  return all.flatMap(([base, rows]) => Array.from({ length: rows! * m }, (_, row) => base! - arena + row * rowBytes));
}

/** max(x, 0) that lets NaN pass. */
export const relu = (x: number): number => Math.max(x, 0);

/** Adds the finished left siblings' values to the f32 at byte `at`, nearest first; `offset` is its place in a contribution. */
export function addLadder(memory: Views, bindings: number, at: number, offset: number): void {
  const word = bindings >> 2;
  const count = memory.u32[word + BINDING.ladderCount]!;
  for (let i = 0; i < count; i++) {
    const sibling = memory.u32[word + BINDING.ladder + i]! + offset;
    memory.f32[at >> 2] = memory.f32[sibling >> 2]! + memory.f32[at >> 2]!;
  }
}
