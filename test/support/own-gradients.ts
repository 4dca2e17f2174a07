// own-gradients.ts: layers and losses that users write, held against central differences of the loss that they compute. It judges nothing.
import type { LossName } from '../../trainer/losses/index.ts';
import type { LossKind } from '../../trainer/losses/kind.ts';
import { elements, type Model } from '../../trainer/model.ts';
import { relativeError } from './compare.ts';
import { createHost } from './host-plan.ts';

/** Numbers from -1 to 1. */
export const noise = (n: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: n }, (_, i) => (((i + seed) * 7919) % 101) / 50 - 1);

/** How far a model's gradients are from central differences, in the norm of those: over all weights, for 9 samples in ragged micro-shards. */
export function differencesError(model: Model, loss: LossName | LossKind, labels: Float32Array | Int32Array): number {
  const host = createHost({ model, loss, rows: 4 });
  const parameters = noise(
    host.segments.reduce((sum, { length }) => sum + length, 0),
    3,
  );
  const images = noise(9 * elements(model.inputs[0]!.spec.shape), 5);
  const batch = { parameters, images, labels, shares: [4, 3, 2] };
  const { gradients } = host.run('train', batch);
  const h = 1 / 64;
  const differences = Float64Array.from(parameters, (value, i) => {
    const at = (v: number) => host.run('evaluate', { ...batch, parameters: parameters.with(i, v) }).loss;
    return (at(value + h) - at(value - h)) / (2 * h);
  });
  return relativeError(gradients, differences);
}
