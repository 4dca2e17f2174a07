// ranges.ts: the flat vector cut into contiguous ranges at block borders: what one owner of parameters updates. Pure.
import { UPDATE_BLOCK } from '../kernels/signatures.ts';
import type { TileRange } from './encode.ts';
import type { Segment } from './model.ts';

/** Of each segment, the blocks (counted from the tensor's start) that belong to one range. */
export type Range = readonly TileRange[];

export const blocksOf = (segment: Segment): number => Math.ceil(segment.length / UPDATE_BLOCK);

/** Cuts all blocks into `count` ranges of nearly equal length. */
export function rangesOf(segments: readonly Segment[], count: number): readonly Range[] {
  const total = segments.reduce((sum, s) => sum + blocksOf(s), 0);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((total * i) / count);
    const to = Math.floor((total * (i + 1)) / count);
    let before = 0;
    return segments.map((s) => {
      const start = before;
      const end = start + blocksOf(s);
      before = end;
      return { from: Math.min(Math.max(from, start), end) - start, to: Math.min(Math.max(to, start), end) - start };
    });
  });
}
