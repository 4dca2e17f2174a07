// ranges.ts: the flat vector cut into contiguous ranges at block borders: what one owner of parameters updates. Pure.
import { UPDATE_BLOCK } from '../kernels/signatures/blocks.ts';
import type { TileRange } from './encode.ts';
import type { Segment } from './model.ts';

/** Of each segment, the blocks (counted from the tensor's start) that belong to one range. */
export type Range = readonly TileRange[];

export const blocksOf = (segment: Segment): number => Math.ceil(segment.length / UPDATE_BLOCK);

/** A tensor whose lengths are bounded needs one owner: they are known to nobody who holds a part. */
const isWhole = ({ constraint }: Segment): boolean => constraint?.kind === 'norm';

/** Blocks of each piece that one owner must hold: a block, or a tensor. */
const piecesOf = (segments: readonly Segment[]): readonly number[] =>
  segments.flatMap((s) => (isWhole(s) ? [blocksOf(s)] : Array.from({ length: blocksOf(s) }, () => 1)));

/** The most ranges of which none is empty. */
export const mostRanges = (segments: readonly Segment[]): number => piecesOf(segments).length;

/** Where ranges begin and end, in blocks: at a piece's border, no range empty where that can be. */
function cutsOf(pieces: readonly number[], count: number): readonly number[] {
  const borders = [0];
  for (const blocks of pieces) borders.push(borders.at(-1)! + blocks);
  const total = borders.at(-1)!;
  const cuts = [0];
  let border = 0;
  for (let i = 1; i < count; i++) {
    const least = count <= pieces.length ? border + 1 : border;
    const most = count <= pieces.length ? pieces.length - (count - i) : pieces.length;
    while (border < least || (border < most && borders[border + 1]! <= Math.floor((total * i) / count))) border++;
    cuts.push(borders[border]!);
  }
  return [...cuts, total];
}

/** Cuts all blocks into `count` ranges of nearly equal length. */
export function rangesOf(segments: readonly Segment[], count: number): readonly Range[] {
  const cuts = cutsOf(piecesOf(segments), count);
  return Array.from({ length: count }, (_, i) => {
    const from = cuts[i]!;
    const to = cuts[i + 1]!;
    let before = 0;
    return segments.map((s) => {
      const start = before;
      const end = start + blocksOf(s);
      before = end;
      return { from: Math.min(Math.max(from, start), end) - start, to: Math.min(Math.max(to, start), end) - start };
    });
  });
}
