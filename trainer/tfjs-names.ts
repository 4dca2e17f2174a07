// tfjs-names.ts: weights that tfjs calls otherwise than Keras 3, there and back. Not what stands in them (export/tfjs.ts, import/tfjs.ts).
import type { Model } from './model.ts';
import type { NamedWeight } from './order-weights.ts';

type Pair = readonly [ours: string, theirs: string];

/** By class. Keras 2 has tfjs' names. */
const OTHERWISE: Readonly<Record<string, Pair>> = { DepthwiseConv2D: ['kernel', 'depthwise_kernel'] };

/** The weight under its other name: `from` and `to` are places in a pair. */
function renamed(model: Model, weight: NamedWeight, from: 0 | 1, to: 0 | 1): NamedWeight {
  const cut = weight.name.lastIndexOf('/');
  const layer = weight.name.slice(0, cut);
  const pair = OTHERWISE[model.layers[layer]?.className ?? ''];
  return pair && weight.name.slice(cut + 1) === pair[from] ? { ...weight, name: `${layer}/${pair[to]}` } : weight;
}

export const tfjsNames = (model: Model, weights: readonly NamedWeight[]): readonly NamedWeight[] =>
  weights.map((weight) => renamed(model, weight, 0, 1));

/** What has our name already keeps it: so Keras 3's converter writes it, and so Shoal did. */
export const ownNames = (model: Model, weights: readonly NamedWeight[]): readonly NamedWeight[] =>
  weights.map((weight) => renamed(model, weight, 1, 0));
