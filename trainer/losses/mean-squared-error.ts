// mean-squared-error.ts: the mean over a sample's outputs of the squared difference. The gradient is 2 (y - t) / C.
import { loss, weightsOf } from './kind.ts';

export const meanSquaredError = loss({
  config: {},
  kind: { name: 'mean_squared_error', labels: 'values', activation: null },
  emit(c, call) {
    const { build, output, labels, dOutput, sum } = call;
    const C = output.imageStride;
    const { weights, hasWeights } = weightsOf(c, call, 'values', 1);
    build.call(
      'mean_squared_error',
      { y: build.at(output), targets: labels, weights, dY: build.at(dOutput ?? output), sum },
      { m: 1, C, ldy: C, ldd: C, hasWeights, wantGradient: dOutput ? 1 : 0 },
      {},
    );
  },
});
