// binary-crossentropy.ts: sigmoid with cross-entropy, the mean over a sample's outputs. The gradient of the logits is (p - t) / C.
import type { LossKind } from './kind.ts';

export const binaryCrossentropy: LossKind = {
  name: 'binary_crossentropy',
  labels: 'values',
  activation: 'sigmoid',
  emit({ build, output, labels, y, dOutput, sum }) {
    const C = output.imageStride;
    build.call(
      'sigmoid_crossentropy',
      { logits: build.at(output), targets: labels, y: build.at(y), dLogits: build.at(dOutput ?? y), sum },
      { m: 1, C, ldl: C, ldy: C, ldd: C, wantGradient: dOutput ? 1 : 0 },
      {},
    );
  },
};
