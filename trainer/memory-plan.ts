// memory-plan.ts: offsets for buffers that live for a part of a plan: greedy by size over lifetimes. Knows no tensor and no kernel.
// Source: Pisarchyk and Lee, "Efficient memory management for deep neural net inference" (2020), arXiv 2001.03288.
import { alignUp } from '../kernels/arena.ts';

/** A buffer in use from moment `first` to moment `last`, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Byte offset of each buffer, multiples of 64, and the bytes that all need together. Buffers whose lifetimes meet never overlap. */
export function placeBuffers(buffers: readonly Lifetime[]): { readonly at: readonly number[]; readonly bytes: number } {
  const at = new Array<number>(buffers.length).fill(0);
  const order = buffers.map((_, i) => i).sort((a, b) => buffers[b]!.bytes - buffers[a]!.bytes || a - b);
  const placed: number[] = [];
  let total = 0;
  for (const i of order) {
    const buffer = buffers[i]!;
    const size = alignUp(buffer.bytes);
    const neighbours = placed
      .filter((j) => buffers[j]!.first <= buffer.last && buffer.first <= buffers[j]!.last)
      .sort((a, b) => at[a]! - at[b]!);
    let offset = 0;
    for (const j of neighbours) {
      if (offset + size <= at[j]!) break;
      offset = Math.max(offset, at[j]! + alignUp(buffers[j]!.bytes));
    }
    at[i] = offset;
    placed.push(i);
    total = Math.max(total, offset + size);
  }
  return { at, bytes: total };
}
