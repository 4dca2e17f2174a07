// losses.ts: signatures of losses with their gradients, and counts of predictions. No arithmetic (../signatures.ts).
import { define, fixed } from './kind.ts';

export const losses = {
  // ---- losses. One tile: sum (f64) over the rows in order, undivided. Gradients undivided too; wantGradient 0 leaves d* alone.
  // weights f32 (M): a row's loss and gradient times its weight, where hasWeights is 1. smoothing s: t (1 - s) + s / C, or + s / 2
  softmax_crossentropy: define(
    // labels i32 (M), or f32 (M, C) with oneHot 1; y = p; d = p - t. A sample's loss is the mean over those of its m rows whose label is
    // not below 0, and d is divided by their number; the others' d is 0
    ['logits', 'labels', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'ldl', 'ldy', 'ldd', 'oneHot', 'hasWeights', 'wantGradient'],
    ['smoothing'],
    () => fixed(1),
  ),
  sigmoid_crossentropy: define(
    // targets f32 (M, C); a row's loss is the mean over C; d = (p - t) / C, y = p
    ['logits', 'targets', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'ldl', 'ldy', 'ldd', 'hasWeights', 'wantGradient'],
    ['smoothing'],
    () => fixed(1),
  ),
  mean_squared_error: define(
    // targets f32 (M, C); a row's loss is the mean over C; d = 2 (y - t) / C
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'ldy', 'ldd', 'hasWeights', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  // targets f32 (M, C); a row's loss is the sum over C, divided by `over`. kind: 0 absolute error, 1 Huber of `delta`, 2 log-cosh,
  // 3 hinge, 4 squared hinge, 5 Kullback-Leibler divergence, 6 Poisson
  pointwise_loss: define(
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'ldy', 'ldd', 'over', 'kind', 'hasWeights', 'wantGradient'],
    ['delta'],
    () => fixed(1),
  ),
  // over whole rows (M, C), a row's loss divided by `over`
  cosine_similarity: define(
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  categorical_hinge: define(
    ['y', 'targets', 'weights', 'dY', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    [],
    () => fixed(1),
  ),
  // crossentropies times (1 - p)^gamma. labels f32 (M, C); alpha times; of sigmoids ofOne times where t is 1, ofZero where it is 0
  softmax_focal: define(
    ['logits', 'labels', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    ['alpha', 'gamma', 'smoothing'],
    () => fixed(1),
  ),
  sigmoid_focal: define(
    ['logits', 'labels', 'weights', 'y', 'dLogits', 'sum'],
    ['m', 'C', 'over', 'hasWeights', 'wantGradient'],
    ['gamma', 'smoothing', 'ofOne', 'ofZero'],
    () => fixed(1),
  ),
  // weights (M) = table at the row's class: labels i32 (M), or f32 (M, C) with oneHot 1: the greatest; of one column: above 0.5
  class_weights: define(['labels', 'table', 'weights'], ['m', 'C', 'oneHot'], [], () => fixed(1)),

  // ---- counts, as f64, written (not added). The prediction is the first maximum of a row
  // count[0] of the rows, right ones; count[1], those whose label is not below 0
  count_correct: define(['y', 'labels', 'count'], ['m', 'C', 'ldy', 'oneHot'], [], () => fixed(1)),
  count_top_k: define(['y', 'labels', 'count'], ['m', 'C', 'ldy', 'oneHot', 'k'], [], () => fixed(1)), // label's score among the k best
  count_binary: define(['y', 'targets', 'count'], ['m', 'C', 'ldy'], [], () => fixed(1)), // how often (y > 0.5) == (t > 0.5)
  confusion: define(['y', 'labels', 'counts'], ['m', 'C', 'ldy', 'oneHot'], [], () => fixed(1)), // (true, predicted) f64 C x C
  confusion_binary: define(['y', 'targets', 'counts'], ['m', 'ldy'], [], () => fixed(1)), // C = 1: 2 x 2 at threshold 0.5
};
