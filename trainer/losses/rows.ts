// rows.ts: losses that look at a whole row of outputs, the last axis: cosine similarity, categorical hinge. As Keras has them.
import { type LossCall, loss, type Values, weightsOf } from './kind.ts';

function emit(
  kernel: 'cosine_similarity' | 'categorical_hinge',
  c: Values<Record<never, never>>,
  call: LossCall,
): void {
  const { build, output, labels, dOutput, sum } = call;
  const C = output.shape.at(-1)!;
  const m = output.imageStride / C;
  const { weights, hasWeights } = weightsOf(c, call, 'values', m);
  build.call(
    kernel,
    { y: build.at(output), targets: labels, weights, dY: build.at(dOutput ?? output), sum },
    { m, C, over: m, hasWeights, wantGradient: dOutput ? 1 : 0 },
    {},
  );
}

/** -1 for the same direction, 1 for the opposite one. */
export const cosineSimilarity = loss({
  config: {},
  kind: { name: 'cosine_similarity', labels: 'values', activation: null },
  emit: (c, call) => emit('cosine_similarity', c, call),
});

/** max(0, 1 + the greatest wrong output - the right one) */
export const categoricalHinge = loss({
  config: {},
  kind: { name: 'categorical_hinge', labels: 'values', activation: null },
  emit: (c, call) => emit('categorical_hinge', c, call),
});
