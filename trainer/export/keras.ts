// keras.ts: writes Keras 3's .keras files and the older .h5 that Keras 2 reads too. Not the configuration (keras-config.ts).
import { zipSync } from 'fflate';
import { ShoalError } from '../../base/errors.ts';
import { replaceDurably } from '../files.ts';
import { type Hdf5Group, type Tensor, writeHdf5 } from '../hdf5.ts';
import { byLayer, kerasDatasets, kerasGroups, kerasName } from '../keras-paths.ts';
import { layerOf } from '../layers/index.ts';
import type { Model } from '../model.ts';
import { type NamedWeight, orderWeights } from '../order-weights.ts';
import { chain } from '../weights.ts';
import { type KerasConfig, modelToKeras } from './keras-config.ts';
import { kerasOrder } from './keras-order.ts';
import type { ExportedModel, ModelWriter } from './model-file.ts';

/** The newest Keras that was seen to read these files. */
const KERAS_VERSION = '3.15.1';
/** A zip's timestamps are part of its bytes: a fixed one. */
const DATE = new Date(Date.UTC(2000, 0, 1, 12));

export const keras: ModelWriter = {
  title: "Keras 3's .keras",
  ending: '.keras',
  async write(path, exported, files) {
    const { model, config, tensors } = prepare(path, exported);
    const groups = kerasGroups(config.config as never);
    const placed = byLayer(chain(model).weights).flatMap(([layer, own]) =>
      kerasDatasets(own).map((dataset, i): [string, Tensor] => [
        `${groups.get(layer)}/${dataset}`,
        tensors.get(`${layer}/${own[i]!.spec.name}`)!,
      ]),
    );
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const stored = { level: 0, mtime: DATE } as const;
    const zip = zipSync({
      'metadata.json': [text({ keras_version: KERAS_VERSION, date_saved: '2000-01-01@12:00:00' }), stored],
      'config.json': [text(config), stored],
      'model.weights.h5': [await writeHdf5(tree(placed), path), stored],
    });
    await replaceDurably(files, path, [zip]);
    return path;
  },
};

export const kerasH5: ModelWriter = {
  title: "Keras' .h5",
  ending: '.h5',
  async write(path, exported, files) {
    const { model, config, tensors } = prepare(path, exported);
    const layers = byLayer(chain(model).weights);
    const names = config.config.layers.map(({ name }) => name);
    const groups = names.map((layer): [string, Hdf5Group] => {
      const weights = layers.find(([name]) => name === layer)?.[1] ?? [];
      const paths = weights.map(kerasName);
      const own = weights.map(({ spec }, i): [string, Tensor] => [paths[i]!, tensors.get(`${layer}/${spec.name}`)!]);
      const placed = tree(own);
      return [layer, { ...placed, attributes: { weight_names: paths } }];
    });
    const root: Hdf5Group = {
      attributes: { model_config: JSON.stringify(config), keras_version: KERAS_VERSION, backend: 'tensorflow' },
      groups: { model_weights: { attributes: { layer_names: names }, groups: Object.fromEntries(groups) } },
    };
    await replaceDurably(files, path, [await writeHdf5(root, path)]);
    return path;
  },
};

/** The model under names that Keras takes, with its configuration and its weights by those names. */
function prepare(
  path: string,
  exported: ExportedModel,
): { model: Model; config: KerasConfig; tensors: Map<string, NamedWeight> } {
  const problem = { code: 'SHOAL_EXPORT_WEIGHTS', operation: `write ${path}` } as const;
  const ordered = orderWeights(exported.model, exported.weights, problem);
  const model = withoutSlashes(exported.model);
  for (const [name, { className, config }] of Object.entries(model.layers)) {
    const approximate = config['activation'] === 'gelu_approximate'; // which Keras has as an option of a function, not by name
    if (!layerOf(className).ours && !approximate) continue;
    throw new ShoalError({
      code: 'SHOAL_EXPORT_UNSUPPORTED',
      operation: `export the layer "${name}" to Keras`,
      got: approximate ? 'the activation gelu_approximate' : className,
      expected: approximate ? 'an activation that Keras has by name: gelu' : 'a layer that Keras has',
      hint: 'Export to safetensors.',
    });
  }
  const renamed = chain(model).weights.map(({ layer, spec }, i): [string, NamedWeight] => [
    `${layer}/${spec.name}`,
    ordered[i]!,
  ]);
  return { model, config: inOrder(modelToKeras(model), kerasOrder(model)), tensors: new Map(renamed) };
}

/** Its layers in that order. */
function inOrder(written: KerasConfig, names: readonly string[]): KerasConfig {
  const layers = new Map(written.config.layers.map((layer) => [layer.name, layer]));
  return { ...written, config: { ...written.config, layers: names.map((name) => layers.get(name)!) } };
}

/** Keras 3 refuses a slash in a name, which layers of nested models have here: "base/conv" becomes "base_conv". */
function withoutSlashes(model: Model): Model {
  const taken = new Set(Object.keys(model.layers));
  const names = new Map<string, string>();
  for (const name of taken) {
    let plain = name.replaceAll('/', '_');
    while (plain !== name && taken.has(plain)) plain += '_';
    taken.add(plain);
    names.set(name, plain);
  }
  return {
    ...model,
    layers: Object.fromEntries(Object.entries(model.layers).map(([name, layer]) => [names.get(name)!, layer])),
    calls: model.calls.map((call) => ({ ...call, layer: names.get(call.layer)! })),
  };
}

/** Datasets by path as a tree of groups. */
function tree(placed: readonly (readonly [string, Tensor])[]): Hdf5Group {
  const tensors: Record<string, Tensor> = {};
  const below = new Map<string, (readonly [string, Tensor])[]>();
  for (const [path, tensor] of placed) {
    const [first, ...rest] = path.split('/');
    if (rest.length === 0) tensors[first!] = tensor;
    else below.set(first!, [...(below.get(first!) ?? []), [rest.join('/'), tensor]]);
  }
  return { tensors, groups: Object.fromEntries([...below].map(([name, inner]) => [name, tree(inner)])) };
}
