// activations.ts: signatures of functions of each element, softmax, dropout and noise. No arithmetic (../signatures.ts).
import { define, map, perImage, slopeOfX, slopeOfY, view } from './kind.ts';

export const activations = {
  // ---- activations over views
  relu: map(),
  sigmoid: map(),
  tanh: map(),
  copy: map(),
  add: define(['a', 'b', 'y'], [...view, 'aImage', 'aRow', 'bImage', 'bRow', 'yImage', 'yRow'], [], () => perImage()),
  relu_backward: slopeOfY(),
  sigmoid_backward: slopeOfY(),
  tanh_backward: slopeOfY(),
  elu: map('alpha', 'scale'), // scale x where x > 0, else scale alpha (exp(x) - 1)
  elu_backward: slopeOfY('alpha', 'scale'),
  exponential: map(),
  exponential_backward: slopeOfY(),
  gelu: map(), // x Phi(x)
  gelu_backward: slopeOfX(),
  gelu_approximate: map(), // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  gelu_approximate_backward: slopeOfX(),
  hard_sigmoid: map(), // x / 6 + 1/2, between 0 and 1
  hard_sigmoid_backward: slopeOfY(),
  hard_silu: map(), // x hard_sigmoid(x)
  hard_silu_backward: slopeOfX(),
  mish: map(), // x tanh(softplus(x))
  mish_backward: slopeOfX(),
  rectify: map('slope', 'threshold', 'max'), // min(x, max) where x > threshold, else slope (x - threshold)
  rectify_backward: slopeOfX('slope', 'threshold', 'max'),
  silu: map(), // x sigmoid(x)
  silu_backward: slopeOfX(),
  softplus: map(), // log(1 + exp(x))
  softplus_backward: slopeOfX(),
  softsign: map(), // x / (1 + |x|)
  softsign_backward: slopeOfY(),
  // x where x > 0, else alpha x; alpha (C) repeats over M rows. t = dy x where x <= 0: its column sums are dalpha
  prelu: define(['x', 'alpha', 'y'], ['m', 'C'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  prelu_backward: define(['dy', 'x', 'alpha', 'dx', 't'], ['m', 'C'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  // softmax over C of M rows
  softmax: define(['x', 'y'], ['m', 'C', 'ldx', 'ldy'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  softmax_backward: define(['dy', 'y', 'dx'], ['m', 'C', 'lddy', 'ldy', 'lddx'], [], (i) => ({
    each: 1,
    m: i.m,
    per: 16,
  })),
  // x - log(sum of exp(x)) over C of M rows
  log_softmax: define(['x', 'y'], ['m', 'C', 'ldx', 'ldy'], [], (i) => ({ each: 1, m: i.m, per: 16 })),
  log_softmax_backward: define(['dy', 'y', 'dx'], ['m', 'C', 'lddy', 'ldy', 'lddx'], [], (i) => ({
    each: 1,
    m: i.m,
    per: 16,
  })),
  // inverted dropout, mask by Philox from (seed, step, slot of the row, site); the same call is its own backward pass
  dropout: define(['x', 'y'], [...view, 'xImage', 'xRow', 'yImage', 'yRow', 'site'], ['rate'], () => perImage()),
  // y (rows, L): numbers drawn as dropout's: from low to high, or with normal 1 of mean low and deviation high
  noise: define(['y'], ['L', 'normal', 'site'], ['low', 'high'], () => perImage()),
};
