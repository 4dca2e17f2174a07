// shared.ts: what reference twins of several families share: the bindings' rows, the ladder, relu. No kernel.
import { BINDING, type Views } from '../abi.ts';

/** Rows of this micro-shard. */
export const rowsOf = (memory: Views, bindings: number): number => memory.i32[(bindings >> 2) + BINDING.rows]!;

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
