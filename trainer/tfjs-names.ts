// tfjs-names.ts: weights that tfjs calls otherwise than Keras 3, there and back. Not what stands in them (export/tfjs.ts, import/).
import type { Model } from './model.ts';
import type { NamedWeight } from './order-weights.ts';
import { chain } from './weights.ts';

type Pair = readonly [ours: string, theirs: string];

/** By class. Keras 2 has tfjs' names. */
const OTHERWISE: Readonly<Record<string, Pair>> = { DepthwiseConv2D: ['kernel', 'depthwise_kernel'] };

/** A weight's name by its layer's class, with whatever stands before it: `from` and `to` are places in a pair. */
function renamed(className: string | undefined, name: string, from: 0 | 1, to: 0 | 1): string {
  const pair = OTHERWISE[className ?? ''];
  const cut = name.lastIndexOf('/') + 1;
  return pair && name.slice(cut) === pair[from] ? `${name.slice(0, cut)}${pair[to]}` : name;
}

const classOf = ({ layers }: Model, name: string): string | undefined =>
  layers[name.slice(0, name.lastIndexOf('/'))]?.className;

export const tfjsNames = (model: Model, weights: readonly NamedWeight[]): readonly NamedWeight[] =>
  weights.map((weight) => ({ ...weight, name: renamed(classOf(model, weight.name), weight.name, 0, 1) }));

/** What has our name already keeps it: so Keras 3's converter writes it, and so Shoal did. */
export const ownNames = (model: Model, weights: readonly NamedWeight[]): readonly NamedWeight[] =>
  weights.map((weight) => ({ ...weight, name: ownName(classOf(model, weight.name), weight.name) }));

export const ownName = (className: string | undefined, name: string): string => renamed(className, name, 1, 0);

/**
 * tfjs names a weight of a model that is a layer as if that layer were the outer model's: "dense/kernel", which is "inner/dense/kernel" here.
 * Where several could be meant the name stays.
 */
export function nestedNames(model: Model, weights: readonly NamedWeight[]): readonly NamedWeight[] {
  const wanted = chain(model).weights.map(({ layer, spec }) => `${layer}/${spec.name}`);
  const given = new Set(weights.map(({ name }) => name));
  return weights.map((weight) => {
    if (wanted.includes(weight.name)) return weight;
    const [name, ...others] = wanted.filter((path) => path.endsWith(`/${weight.name}`) && !given.has(path));
    return name === undefined || others.length > 0 ? weight : { ...weight, name };
  });
}
