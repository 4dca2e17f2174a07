// tfjs.ts: writes a model as tfjs' model.json with weight files, for tf.loadLayersModel. Not checkpoints: no optimizer state.

import type { Json } from '../checkpoint.ts';
import type { Files } from '../files.ts';
import { makeDirectories, replaceDurably } from '../files.ts';
import type { Model } from '../model.ts';
import { nodeFiles } from '../node-files.ts';
import type { NamedWeight } from '../order-weights.ts';
import { orderWeights } from '../order-weights.ts';
import { startSha256 } from '../sha256.ts';
import { tfjsNames } from '../tfjs-names.ts';
import { modelToKeras } from './keras-config.ts';
import type { ModelWriter } from './model-file.ts';
import { tfjsLayer } from './tfjs-layers.ts';

/** tfjs' own size: browsers cache files of 4 MiB well. */
const SHARD_BYTES = 4 << 20;

export interface TfjsExport {
  readonly model: Model;
  /** All of the model's weights by path ("conv2d/kernel"), moving statistics included, in any order. */
  readonly weights: readonly NamedWeight[];
  /** How it was compiled, as tfjs writes it (loss, metrics, optimizer_config): a loaded model is then compiled. */
  readonly trainingConfig?: Json;
  /** Kept in model.json as `userDefinedMetadata`; tfjs hands it back to who loads the model. */
  readonly metadata?: Json;
}

/**
 * A model's topology as tfjs 4 writes it.
 * @throws SHOAL_EXPORT_UNSUPPORTED for options that tfjs-layers does not know
 */
export function modelToTfjs(model: Model): { class_name: string; config: object } {
  const { config } = modelToKeras(model);
  return { class_name: 'Model', config: { ...config, layers: config.layers.map(tfjsLayer) } };
}

/** The bytes of all weights in order, cut into shards. Each is valid until the next is asked for. */
function* shards(weights: readonly NamedWeight[]): Generator<Uint8Array> {
  const total = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  const shard = new Uint8Array(Math.min(SHARD_BYTES, total));
  let filled = 0;
  for (const { data } of weights) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(shard.length - filled, bytes.length - at);
      shard.set(bytes.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled < shard.length) continue;
      yield shard;
      filled = 0;
    }
  }
  if (filled > 0) yield shard.subarray(0, filled);
}

/**
 * Writes `model.json` and its weight files into a directory, made if absent. An earlier export there stays whole until this
 * one is: weight files carry a hash of their content in their names, model.json is replaced at once, and only then
 * are files removed that it does not name. One process at a time.
 * @returns the path of model.json
 * @throws SHOAL_EXPORT_WEIGHTS if the weights are not the model's, SHOAL_EXPORT_UNSUPPORTED, the file system's errors
 */
export async function exportTfjs(directory: string, request: TfjsExport, files: Files = nodeFiles): Promise<string> {
  const { model, trainingConfig, metadata } = request;
  const operation = 'export the model to tfjs';
  const weights = orderWeights(model, request.weights, { code: 'SHOAL_EXPORT_WEIGHTS', operation });
  const topology = modelToTfjs(model);
  const hash = startSha256();
  let count = 0;
  for (const shard of shards(weights)) {
    hash.update(shard);
    count++;
  }
  const tag = hash.hex().slice(0, 8);
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.${tag}.bin`);

  await makeDirectories(files, directory);
  let index = 0;
  for (const shard of shards(weights)) await replaceDurably(files, `${directory}/${paths[index++]}`, [shard]);
  const specs = tfjsNames(model, weights).map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const json = {
    modelTopology: { ...topology, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    format: 'layers-model',
    generatedBy: 'Shoal',
    convertedBy: null,
    ...(trainingConfig !== undefined && { trainingConfig }),
    ...(metadata !== undefined && { userDefinedMetadata: metadata }),
    weightsManifest: [{ paths, weights: specs }],
  };
  await files.syncDirectory(directory);
  await replaceDurably(files, `${directory}/model.json`, [new TextEncoder().encode(JSON.stringify(json))]);
  await files.syncDirectory(directory);
  for (const name of await files.list(directory)) {
    const ours = /^group1-shard\d+of\d+\.[0-9a-f]{8}\.bin(\.partial)?$/.test(name);
    if (ours && !paths.includes(name)) await files.remove(`${directory}/${name}`);
  }
  return `${directory}/model.json`;
}

export const tfjs: ModelWriter = {
  title: "tfjs' model.json and weight files",
  ending: '',
  write: exportTfjs,
};
