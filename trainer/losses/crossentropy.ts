// crossentropy.ts: softmax with cross-entropy, for class labels and for distributions. The gradient of the logits is p - t.
import { fromLogits, type LossCall, loss, smoothing, type Values, weightsOf } from './kind.ts';

const config = { from_logits: fromLogits, label_smoothing: smoothing };

function emit(oneHot: 0 | 1, c: Values<typeof config>, call: LossCall): void {
  const { build, output, labels, y, dOutput, sum } = call;
  const C = output.shape.at(-1)!;
  const m = output.imageStride / C;
  const { weights, hasWeights } = weightsOf(c, call, oneHot ? 'values' : 'class', m);
  build.call(
    'softmax_crossentropy',
    { logits: build.at(output), labels, weights, y: build.at(y), dLogits: build.at(dOutput ?? y), sum },
    { m, C, ldl: C, ldy: C, ldd: C, oneHot, hasWeights, wantGradient: dOutput ? 1 : 0 },
    { smoothing: c.label_smoothing },
  );
}

/** Labels are class numbers. */
export const sparseCategoricalCrossentropy = loss({
  config,
  kind: { name: 'sparse_categorical_crossentropy', labels: 'class', activation: 'softmax' },
  emit: (c, call) => emit(0, c, call),
});

/** Labels are distributions over the classes, one-hot or soft. */
export const categoricalCrossentropy = loss({
  config,
  kind: { name: 'categorical_crossentropy', labels: 'values', activation: 'softmax' },
  emit: (c, call) => emit(1, c, call),
});
