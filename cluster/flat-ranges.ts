// flat-ranges.ts: who owns which elements of the compact vector, cut at update blocks; and a range's own layout. Pure.
import { UPDATE_BLOCK } from '../kernels/signatures/blocks.ts';
import type { Segment } from '../trainer/model.ts';
import { rangesOf } from '../trainer/ranges.ts';
import { ALIGNMENT } from '../trainer/weights.ts';
import type { FlatRange } from './messages.ts';

export const sizeOf = (range: FlatRange): number => range.to - range.from;

/** What of a range lies in none of the others, in order. */
export function without({ from, to }: FlatRange, others: readonly FlatRange[]): readonly FlatRange[] {
  const rest: FlatRange[] = [];
  let at = from;
  for (const other of [...others].sort((a, b) => a.from - b.from)) {
    if (other.from > at) rest.push({ from: at, to: Math.min(other.from, to) });
    at = Math.max(at, other.to);
  }
  return [...rest, { from: at, to }].filter((range) => range.from < range.to);
}

/** What of the others lies in a range. */
export const within = ({ from, to }: FlatRange, others: readonly FlatRange[]): readonly FlatRange[] =>
  others
    .map((other) => ({ from: Math.max(from, other.from), to: Math.min(to, other.to) }))
    .filter((range) => range.from < range.to);

/** Cuts the compact vector into `count` ranges of nearly as many blocks each, front to back without a hole. */
export function flatRanges(segments: readonly Segment[], count: number): readonly FlatRange[] {
  return rangesOf(segments, count).map((range) => {
    const owned = range.flatMap(({ from, to }, i) => {
      const { flat, length } = segments[i]!;
      if (from >= to) return [];
      return [flat + from * UPDATE_BLOCK, flat + Math.min(to * UPDATE_BLOCK, length)];
    });
    return { from: owned[0] ?? 0, to: owned.at(-1) ?? 0 };
  });
}

/**
 * The parts of tensors that lie in a range, as segments of a vector of their own: `flat` counts from the range's start, and each
 * starts at 64 bytes in memory.
 */
export function piecesOf(segments: readonly Segment[], range: FlatRange): readonly Segment[] {
  let at = 0;
  return segments.flatMap(({ path, flat, length: whole, ...rest }) => {
    const from = Math.max(flat, range.from);
    const length = Math.min(flat + whole, range.to) - from;
    if (length <= 0) return [];
    const piece: Segment = { ...rest, path, shape: [length], length, flat: from - range.from, at };
    at = Math.ceil((at + length) / ALIGNMENT) * ALIGNMENT;
    return [piece];
  });
}

/** Calls `copy` for each run of elements that is contiguous both in a compact slice [from, from + length) and in memory. */
export function eachRun(
  segments: readonly Segment[],
  from: number,
  length: number,
  copy: (compactAt: number, memoryAt: number, length: number) => void,
): void {
  for (const s of segments) {
    const start = Math.max(s.flat, from);
    const end = Math.min(s.flat + s.length, from + length);
    if (start < end) copy(start - from, s.at + start - s.flat, end - start);
  }
}
