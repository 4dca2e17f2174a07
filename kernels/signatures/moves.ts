// moves.ts: signatures of elements moved, combined, picked, resampled and warped. No arithmetic (../signatures.ts).
import { axes, define, image, perImage, view } from './kind.ts';

export const moves = {
  // ---- (A, B, L) elements of an image, a stride for each axis of each operand; 0 where it is broadcast
  move: define(['x', 'y'], ['A', 'B', 'L', ...axes('x'), ...axes('y')], [], () => perImage()),
  // y = a op b: 0 add, 1 subtract, 2 multiply, 3 maximum, 4 minimum. aL and bL are 0 or 1, y's is 1
  combine: define(
    ['a', 'b', 'y'],
    ['operation', 'A', 'B', 'L', ...axes('a'), ...axes('b'), 'yImage', 'yA', 'yB'],
    [],
    () => perImage(),
  ),
  // y = sum of a * b over the axes in `over`: 1 A, 2 B, 4 L. Strides as in combine
  sum_product: define(
    ['a', 'b', 'y'],
    ['over', 'A', 'B', 'L', ...axes('a'), ...axes('b'), 'yImage', 'yA', 'yB'],
    [],
    () => perImage(),
  ),
  // dx = dy where x == y, or with others 1 where not; 0 elsewhere
  pick: define(
    ['dy', 'x', 'y', 'dx'],
    [...view, 'dyImage', 'dyRow', 'xImage', 'xRow', 'yImage', 'yRow', 'dxImage', 'dxRow', 'others'],
    [],
    () => perImage(),
  ),
  // y[oy, ox] = sum over the taps of row oy and of column ox of both weights times x. Taps of line i: rows[i] to rows[i + 1] - 1 of
  // rowTaps, pairs of u32 byte offset and f32 weight
  resample: define(
    ['x', 'y', 'rows', 'rowTaps', 'columns', 'columnTaps'],
    ['OH', 'OW', 'C', 'xImage', 'yImage', 'yRow'],
    [],
    () => perImage(),
  ),

  // ---- images read at other places. transform (rows, 8): y[oy, ox] = x at (px, py) = (t0 ox + t1 oy + t2, t3 ox + t4 oy + t5), by the
  // nearest pixel or between four. Beyond the border, fill: 0 the C values at outside, 1 the nearest, 2 mirrored, 3 from the other side
  warp: define(
    ['x', 'transform', 'outside', 'y'],
    [...image, 'fill', 'nearest', 'xImage', 'xRow', 'yImage', 'yRow'],
    [],
    () => perImage(),
  ),
  warp_backward: define(
    ['dy', 'transform', 'dx'],
    [...image, 'fill', 'nearest', 'dyImage', 'dyRow', 'dxImage', 'dxRow'],
    [],
    () => perImage(),
  ),
  // transform from drawn (rows, 2), 0 to 1, stretched to u and v. kind 1, 2, 3: columns turned over where u < 1/2, rows where v < 1/2,
  // both; 4: turned by u turns; 8: rows u and columns v times as far apart, 9: both u times; 16: shifted by u H rows and v W columns
  warp_transform: define(['drawn', 'transform'], ['kind', 'H', 'W'], ['uLow', 'uHigh', 'vLow', 'vHigh'], () =>
    perImage(),
  ),
};
