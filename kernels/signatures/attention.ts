// attention.ts: signatures of attention, forward and backward. No arithmetic (../signatures.ts).
import { define, perImage } from './kind.ts';

export const attention = {
  // ---- attention. q (rows, T, heads x D), k (rows, S, heads x D), v (rows, S, heads x E), o (rows, T, heads x E), each with a row
  // stride: o = softmax(scale q k^T) v, head by head. mask f32 (rows, S): keys that are 0 are not attended; causal 1: nor keys behind the
  // query. A query without any key gives 0. lse (rows, heads, T): the logarithm of the sum of its exponentials. Of the weights a share
  // `rate` is dropped. D and E are at most 512
  attention: define(
    ['q', 'k', 'v', 'mask', 'o', 'lse'],
    ['heads', 'T', 'S', 'D', 'E', 'ldq', 'ldk', 'ldv', 'ldo', 'causal', 'hasMask', 'site'],
    ['scale', 'rate'],
    (i) => perImage(i.heads),
  ),
  // dq, dk, dv as q, k, v; dy as o
  attention_backward: define(
    ['q', 'k', 'v', 'mask', 'o', 'lse', 'dy', 'dq', 'dk', 'dv'],
    ['heads', 'T', 'S', 'D', 'E', 'ldq', 'ldk', 'ldv', 'ldo', 'causal', 'hasMask', 'site'],
    ['scale', 'rate'],
    (i) => perImage(i.heads),
  ),
};
