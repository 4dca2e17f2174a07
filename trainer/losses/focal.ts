// focal.ts: cross-entropy in which sure outputs count less, as Keras has it: behind a softmax, and behind sigmoids.
// Source: Lin et al. (2017), Focal loss for dense object detection.
import { z } from 'zod';
import { fromLogits, loss, smoothing, weightsOf } from './kind.ts';

const shared = {
  alpha: z.number().positive().default(0.25),
  gamma: z.number().nonnegative().default(2),
  from_logits: fromLogits,
  label_smoothing: smoothing,
};

export const categoricalFocalCrossentropy = loss({
  config: shared,
  kind: { name: 'categorical_focal_crossentropy', labels: 'values', activation: 'softmax' },
  emit(c, call) {
    const { build, output, labels, y, dOutput, sum } = call;
    const C = output.shape.at(-1)!;
    const m = output.imageStride / C;
    const { weights, hasWeights } = weightsOf(c, call, 'values', m);
    build.call(
      'softmax_focal',
      { logits: build.at(output), labels, weights, y: build.at(y), dLogits: build.at(dOutput ?? y), sum },
      { m, C, over: m, hasWeights, wantGradient: dOutput ? 1 : 0 },
      { alpha: c.alpha, gamma: c.gamma, smoothing: c.label_smoothing },
    );
  },
});

export const binaryFocalCrossentropy = loss({
  config: { ...shared, apply_class_balancing: z.boolean().default(false) },
  kind: { name: 'binary_focal_crossentropy', labels: 'values', activation: 'sigmoid' },
  emit(c, call) {
    const { build, output, labels, y, dOutput, sum } = call;
    const C = output.imageStride;
    const { weights, hasWeights } = weightsOf(c, call, 'values', 1);
    const [ofOne, ofZero] = c.apply_class_balancing ? [c.alpha, 1 - c.alpha] : [1, 1];
    build.call(
      'sigmoid_focal',
      { logits: build.at(output), labels, weights, y: build.at(y), dLogits: build.at(dOutput ?? y), sum },
      { m: 1, C, over: C, hasWeights, wantGradient: dOutput ? 1 : 0 },
      { gamma: c.gamma, smoothing: c.label_smoothing, ofOne, ofZero },
    );
  },
});
