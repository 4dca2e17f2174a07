// pieces.ts: how the parts of a vector of sums are encoded. The gradients of one leaf are what the codec made of them; all else is f32.
import type { CodecName } from '../../trainer/codecs/index.ts';
import type { FlatRange } from '../messages.ts';

export interface Piece extends FlatRange {
  readonly encoding: CodecName;
}

/**
 * A range of the sums of a node, cut where the encoding changes. Sums of several leaves are f32: they cannot be written as what leaves
 * are, and the leaves one by one would take as many bytes or more.
 * @param parameters elements of the vector that are gradients: the sums of moving statistics lie behind them
 * @param single whether they are the sums of one leaf
 */
export function piecesOfSums(
  { from, to }: FlatRange,
  parameters: number,
  codec: CodecName,
  single: boolean,
): readonly Piece[] {
  const cut = single ? Math.min(Math.max(from, parameters), to) : from;
  const pieces: readonly Piece[] = [
    { from, to: cut, encoding: codec },
    { from: cut, to, encoding: 'f32' },
  ];
  return pieces.filter((piece) => piece.from < piece.to);
}
