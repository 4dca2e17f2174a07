// keras-paths.ts: where Keras 3 keeps each layer's weights in a file: groups named by class, not by layer. Reads no file.
import { snakeCase } from './parse-layers.ts';
import type { LayerWeight } from './weights.ts';

interface Entry {
  readonly class_name: string;
  readonly name?: string;
  readonly config: { readonly name?: string; readonly layers?: readonly Entry[] };
}

/** Weights of the parts that attention is made of: Keras names them "query/kernel" and keeps the part in a group of its own. */
const OF_PART = /^(query|key|value|attention_output)_(kernel|bias)$/;
const GROUPS: Readonly<Record<string, string>> = {
  query: 'query_dense',
  key: 'key_dense',
  value: 'value_dense',
  attention_output: 'output_dense',
};

/** A weight as Keras lists it in older files: "heads/query/kernel". */
export const kerasName = ({ layer, spec }: LayerWeight): string => `${layer}/${spec.name.replace(OF_PART, '$1/$2')}`;

/**
 * The group of each layer below the file's root, by the layer's name; a layer of a nested model is named "model/layer".
 * In a container the n-th layer of a class is "conv2d", "conv2d_1" and so on (keras/src/saving/saving_lib.py).
 * @param config a Functional or Sequential model as Keras writes it
 */
export function kerasGroups(config: { readonly layers?: readonly Entry[] }): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  const walk = (layers: readonly Entry[], path: string, group: string) => {
    const used = new Map<string, number>();
    for (const { class_name, name, config: own } of layers) {
      const stem = snakeCase(class_name);
      const n = used.get(stem) ?? 0;
      used.set(stem, n + 1);
      const at = `${group}layers/${n === 0 ? stem : `${stem}_${n}`}`;
      const full = `${path}${name ?? own.name}`;
      groups.set(full, at);
      if (own.layers) walk(own.layers, `${full}/`, `${at}/`);
    }
  };
  walk(config.layers ?? [], '', '');
  return groups;
}

/**
 * The dataset of each weight of one layer, below the layer's group: "vars/0", "query_dense/vars/1".
 * @param weights all of the layer's, in Keras' order
 */
export function kerasDatasets(weights: readonly LayerWeight[]): readonly string[] {
  const counts = new Map<string, number>();
  return weights.map(({ spec: { name } }) => {
    const part = OF_PART.exec(name)?.[1] ?? '';
    const n = counts.get(part) ?? 0;
    counts.set(part, n + 1);
    return `${part === '' ? '' : `${GROUPS[part]}/`}vars/${n}`;
  });
}

/** Weights by layer, in their order. */
export function byLayer(weights: readonly LayerWeight[]): readonly (readonly [string, readonly LayerWeight[]])[] {
  const layers = new Map<string, LayerWeight[]>();
  for (const weight of weights) layers.set(weight.layer, [...(layers.get(weight.layer) ?? []), weight]);
  return [...layers];
}
