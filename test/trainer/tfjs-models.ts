// tfjs-models.ts: small tfjs models of every layer we know, and tfjs' way in and out through Files. Not a test.

import * as tf from '@tensorflow/tfjs';
import type { Files } from '../../trainer/files.ts';
import { readSmall, replaceDurably } from '../../trainer/files.ts';

tf.env().set('IS_TEST', true); // no banner
await tf.setBackend('cpu');

const joined = (data: ArrayBuffer | ArrayBuffer[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat([data].flat().map((part) => new Uint8Array(part))));

/** Writes what model.save() hands over, as tfjs' own file handler does: one weight file. */
export async function saveTfjs(model: tf.LayersModel, files: Files, directory: string): Promise<void> {
  const handler: tf.io.IOHandler = {
    async save({ weightSpecs, weightData, modelTopology, format, generatedBy, convertedBy }) {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest };
      await replaceDurably(files, `${directory}/model.json`, [Buffer.from(JSON.stringify(json))]);
      await replaceDurably(files, `${directory}/weights.bin`, [joined(weightData as ArrayBuffer)]);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  };
  await model.save(handler);
}

/** Loads a model.json with tfjs, its own loader of weight files included. */
export function loadTfjs(files: Files, path: string): Promise<tf.LayersModel> {
  const directory = path.slice(0, path.lastIndexOf('/'));
  return tf.loadLayersModel({
    async load() {
      const json: tf.io.ModelJSON = JSON.parse(Buffer.from(await readSmall(files, path, 1e9)).toString());
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const shards = await Promise.all(
          manifest.flatMap(({ paths }) => paths).map((name) => readSmall(files, `${directory}/${name}`, 1e9)),
        );
        return [manifest.flatMap(({ weights }) => weights), joined(shards.map(({ buffer }) => buffer)).buffer];
      });
    },
  });
}

/** Deterministic inputs, (n, ...shape). */
export function samples(n: number, shape: readonly number[]): tf.Tensor {
  return tf.randomUniform([n, ...shape], -1, 1, 'float32', 5);
}

export const predict = (model: tf.LayersModel, x: tf.Tensor): Float32Array =>
  (model.predict(x) as tf.Tensor).dataSync<'float32'>();

/** Every weight random, biases too: zeros would hide a mistake. */
function shake(model: tf.LayersModel): tf.LayersModel {
  model.setWeights(model.getWeights().map((weight, i) => tf.randomNormal(weight.shape, 0, 0.4, 'float32', 100 + i)));
  return model;
}

export const tfjsModels = {
  'a sequential CNN': () =>
    shake(
      tf.sequential({
        layers: [
          tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [9, 7, 2] }),
          tf.layers.maxPooling2d({ poolSize: [2, 2], strides: [2, 1] }),
          tf.layers.conv2d({ filters: 3, kernelSize: [2, 3], dilationRate: [1, 2], useBias: false }),
          tf.layers.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
          tf.layers.conv2d({
            filters: 5,
            kernelSize: 1,
            strides: 2,
            activation: 'tanh',
            kernelInitializer: 'leCunNormal',
          }),
          tf.layers.flatten(),
          tf.layers.dropout({ rate: 0.3 }),
          tf.layers.dense({ units: 6, activation: 'sigmoid', kernelInitializer: 'heNormal' }),
          tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: 'randomUniform' }),
        ],
      }),
    ),
  'a sequential depthwise CNN': () =>
    shake(
      tf.sequential({
        layers: [
          tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', inputShape: [5, 4, 3] }),
          tf.layers.depthwiseConv2d({ kernelSize: [2, 3], strides: 2, useBias: false, activation: 'tanh' }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 3 }),
        ],
      }),
    ),
  'a graph with a shared layer and a skip': () => {
    const input = tf.input({ shape: [4] });
    const shared = tf.layers.dense({ units: 4, name: 'block/shared' });
    const once = shared.apply(input) as tf.SymbolicTensor;
    const twice = shared.apply(tf.layers.activation({ activation: 'tanh' }).apply(once)) as tf.SymbolicTensor;
    const sum = tf.layers.add().apply([input, once, twice]) as tf.SymbolicTensor;
    const output = tf.layers.dense({
      units: 2,
      kernelInitializer: tf.initializers.varianceScaling({ seed: 3, scale: 2 }),
    });
    return shake(tf.model({ inputs: input, outputs: output.apply(sum) as tf.SymbolicTensor }));
  },
  'a graph of normalisation, merging and other shapes': () => {
    type T = tf.SymbolicTensor;
    const { layers } = tf;
    const input = tf.input({ shape: [4, 6] });
    const wide = layers.dense({ units: 6 }).apply(layers.layerNormalization({ epsilon: 0.01 }).apply(input)) as T;
    const mixed = [
      layers.multiply().apply([input, wide]),
      layers.average().apply([input, wide]),
      layers.maximum().apply([input, wide]),
      layers.minimum().apply([input, wide]),
    ] as T[];
    const turned = layers.permute({ dims: [2, 1] }).apply(layers.concatenate({ axis: 1 }).apply(mixed)) as T; // (6, 16)
    const scores = layers.dot({ axes: [1, 2] }).apply([turned, wide]) as T; // (16, 4)
    const noisy = layers
      .gaussianNoise({ stddev: 0.1 })
      .apply(layers.spatialDropout1d({ rate: 0.2 }).apply(scores)) as T;
    const image = layers.reshape({ targetShape: [4, -1, 2] }).apply(layers.softmax({ axis: -1 }).apply(noisy)) as T;
    const padded = layers
      .zeroPadding2d({ padding: [1, 0] })
      .apply(layers.upSampling2d({ size: [2, 1] }).apply(image)) as T;
    const separable = layers.separableConv2d({ filters: 3, kernelSize: 3, padding: 'same' }).apply(padded) as T;
    const cropped = layers
      .cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
      })
      .apply(separable) as T;
    const pooled = layers.globalAveragePooling2d({}).apply(cropped) as T;
    const again = layers.repeatVector({ n: 2 }).apply(pooled) as T;
    return shake(tf.model({ inputs: input, outputs: layers.flatten().apply(again) as T }));
  },
};
