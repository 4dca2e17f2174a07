// mean-squared-error.ts: the mean over a sample's outputs of the squared difference. The gradient is 2 (y - t) / C.
import type { LossKind } from './kind.ts';

export const meanSquaredError: LossKind = {
  name: 'mean_squared_error',
  labels: 'values',
  activation: null,
  emit({ build, output, labels, dOutput, sum }) {
    const C = output.imageStride;
    build.call(
      'mean_squared_error',
      { y: build.at(output), targets: labels, dY: build.at(dOutput ?? output), sum },
      { m: 1, C, ldy: C, ldd: C, wantGradient: dOutput ? 1 : 0 },
      {},
    );
  },
};
