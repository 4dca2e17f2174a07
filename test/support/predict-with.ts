// predict-with.ts: what a model gives for a few samples with given weights, on this thread. Not a run (small-run.ts).
import { elements, type Model } from '../../trainer/model.ts';
import type { NamedWeight } from '../../trainer/order-weights.ts';
import { flatWeights } from '../../trainer/snapshot.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { createHost } from './host-plan.ts';

/** @param x (rows, ...input shape) @returns (rows, ...output shape) */
export function predictWith(
  model: Model,
  weights: readonly NamedWeight[],
  x: Float32Array,
  rows: number,
): Float32Array {
  const { parameters, state } = flatWeights(model, weights);
  const all = new Float32Array(parameters.length + state.length);
  all.set(parameters);
  all.set(state, parameters.length);
  const outputs = elements(segmentsOf(model).shapes[model.outputs[0]!]!.shape);
  const host = createHost({ model, loss: 'MeanSquaredError', rows });
  const labels = new Float32Array(rows * outputs);
  return host.run('predict', { parameters: all, images: x, labels, shares: [rows] }).output;
}
