// inputs.ts: signatures of samples as they come in, lookups of ids, masks. No arithmetic (../signatures.ts).
import { LOOKUP_BLOCK } from './blocks.ts';
import { define, fixed, perImage, view } from './kind.ts';

export const inputs = {
  // ---- samples in: y = x * scale[i] + shift[i], i = place in the row. x strides in elements of x
  input_u8: define(['x', 'y', 'scale', 'shift'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  input_f32: define(['x', 'y', 'scale', 'shift'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  input_i32: define(['x', 'y', 'scale', 'shift'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  // zeroes what surrounds the interior that y points at: top and bottom in rows, left and right in floats
  clear_halo: define(['y'], [...view, 'top', 'bottom', 'left', 'right', 'yImage', 'yRow'], [], () => perImage()),

  // ---- lookups. ids f32 (M), whole numbers; y (M, E) = the rows of table (V, E) at them, NaN where there is no such row
  embedding: define(['ids', 'table', 'y'], ['m', 'V', 'E'], [], (i) => ({ each: 1, m: i.m, per: LOOKUP_BLOCK })),
  // where each row of the table is used: places in ids, u32: those of row v are order[starts[v]] to order[starts[v + 1]], ascending
  embedding_order: define(['ids', 'starts', 'order'], ['m', 'V'], [], () => fixed(1)),
  // out (V, E): each row is the sum of dy (M, E) at its places, then + the ladder
  embedding_backward: define(['dy', 'starts', 'order', 'out'], ['m', 'V', 'E'], [], (i) =>
    fixed(Math.ceil(i.V / LOOKUP_BLOCK)),
  ),

  // ---- masks, f32: 1 for a place that holds something, 0 for padding. mask (M) = whether any of a row of x (M, L) differs from value
  mask_places: define(['x', 'mask'], ['m', 'L'], ['value'], (i) => ({ each: 1, m: i.m, per: LOOKUP_BLOCK })),
  // shares (rows, T) = mask (rows, T) over its sum in each row; all 0 where that is 0
  mask_shares: define(['mask', 'shares'], ['T'], [], () => perImage()),
};
