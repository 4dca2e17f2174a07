// sums.ts: signatures of what a user wrote, and sums along the tree. No arithmetic (../signatures.ts).
import { UPDATE_BLOCK } from './blocks.ts';
import { define, fixed, perImage } from './kind.ts';

export const sums = {
  // ---- a layer or a loss that a user wrote: the host computes its samples (trainer/custom-calls.ts). about: JSON of `length` bytes.
  // Of a loss: w weights, x what the model gives, y f64 (rows) losses, dy labels, dx its gradient
  custom: define(['about', 'w', 'x', 'y', 'dy', 'dx', 'dw'], ['length', 'backward'], [], () => perImage()),

  // sum (f64) of values (rows) f64, leaf by leaf in the tree: the losses of samples that the host gives
  sum_rows: define(['values', 'sum'], [], [], () => fixed(1)),

  // ---- the tree. values of this leaf (in contribution) + the ladder, deepest sibling first
  ladder_f64: define(['values'], ['count'], [], () => fixed(1)),
  // out = out + part, then + the ladder
  accumulate: define(['part', 'out'], ['count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),
  // sum = values[0] * weights[0] + ..., f64; weights f32
  weigh_f64: define(['values', 'weights', 'sum'], ['count'], [], () => fixed(1)),
  // values of this leaf (in contribution) rounded to half precision, then + the ladder: codecs are leaf-wise
  round_f16: define(['values'], ['count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),
  // out = the sum that the reduce program of the bindings (abi.ts) gives, of `count` values at byte offset `partAt` of each part
  reduce_f64: define(['out'], ['partAt', 'count'], [], () => fixed(1)),
  reduce_f32: define(['out'], ['partAt', 'count'], [], (i) => fixed(Math.ceil(i.count / UPDATE_BLOCK))),
};
