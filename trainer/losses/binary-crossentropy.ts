// binary-crossentropy.ts: sigmoid with cross-entropy, the mean over a sample's outputs. The gradient of the logits is (p - t) / C.
import { fromLogits, loss, smoothing, weightsOf } from './kind.ts';

export const binaryCrossentropy = loss({
  config: { from_logits: fromLogits, label_smoothing: smoothing },
  kind: { name: 'binary_crossentropy', labels: 'values', activation: 'sigmoid' },
  emit(c, call) {
    const { build, output, labels, y, dOutput, sum } = call;
    const C = output.imageStride;
    const { weights, hasWeights } = weightsOf(c, call, 'values', 1);
    build.call(
      'sigmoid_crossentropy',
      { logits: build.at(output), targets: labels, weights, y: build.at(y), dLogits: build.at(dOutput ?? y), sum },
      { m: 1, C, ldl: C, ldy: C, ldd: C, hasWeights, wantGradient: dOutput ? 1 : 0 },
      { smoothing: c.label_smoothing },
    );
  },
});
