// crossentropy.ts: softmax with cross-entropy, for class labels and for distributions. The gradient of the logits is p - t.
import type { LossCall, LossKind } from './kind.ts';

function emit(oneHot: 0 | 1, { build, output, labels, y, dOutput, sum }: LossCall): void {
  const C = output.shape.at(-1)!;
  const m = output.imageStride / C;
  build.call(
    'softmax_crossentropy',
    { logits: build.at(output), labels, y: build.at(y), dLogits: build.at(dOutput ?? y), sum },
    { m, C, ldl: C, ldy: C, ldd: C, oneHot, wantGradient: dOutput ? 1 : 0 },
    {},
  );
}

/** Labels are class numbers. */
export const sparseCategoricalCrossentropy: LossKind = {
  name: 'sparse_categorical_crossentropy',
  labels: 'class',
  activation: 'softmax',
  emit: (call) => emit(0, call),
};

/** Labels are distributions over the classes, one-hot or soft. */
export const categoricalCrossentropy: LossKind = {
  name: 'categorical_crossentropy',
  labels: 'values',
  activation: 'softmax',
  emit: (call) => emit(1, call),
};
