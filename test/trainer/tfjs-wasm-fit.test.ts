// tfjs-wasm-fit.test.ts: model.fit on tfjs' WASM backend with our kernels, beside the same on its `cpu` backend. The ops: tfjs-wasm.test.ts.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/tfjs-wasm.ts';

/** softmax(x x^T) x, over sequences (steps, width), by tf.einsum, whose gradient is ours on every backend. */
class SelfAttention extends tf.layers.Layer {
  static className = 'SelfAttention';
  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => tf.einsum('bqk,bke->bqe', tf.softmax(tf.einsum('bqe,bke->bqk', x, x)), x));
  }
}

let seed = 0;
const from = () => tf.initializers.glorotUniform({ seed: ++seed });
const dense = (units: number) => tf.layers.dense({ units, activation: 'softmax', kernelInitializer: from() });
const conv = (filters: number, inputShape?: number[]) =>
  tf.layers.conv2d({
    filters,
    kernelSize: 3,
    activation: 'tanh',
    kernelInitializer: from(),
    ...(inputShape ? { inputShape } : {}),
  });
const embedding = (length: number) =>
  tf.layers.embedding({
    inputDim: 20,
    outputDim: 6,
    inputLength: length,
    embeddingsInitializer: tf.initializers.randomUniform({ minval: -1, maxval: 1, seed: ++seed }),
  });

const IMAGE = [12, 12, 2];
const WORDS = 7;
const images = () => tf.randomUniform([24, ...IMAGE], -1, 1, 'float32', 7);
const words = () => tf.floor(tf.randomUniform([24, WORDS], 0, 20, 'float32', 8));

/** Networks, and what they learn from. */
const NETWORKS = {
  'a convolutional network whose pooling meets windows without a positive value': {
    inputs: images,
    layers: () => [conv(4, IMAGE), tf.layers.maxPooling2d({ poolSize: 2 }), conv(5), tf.layers.flatten(), dense(3)],
  },
  'a network of depthwise and separable convolutions': {
    inputs: images,
    layers: () => [
      tf.layers.depthwiseConv2d({
        inputShape: IMAGE,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        depthwiseInitializer: from(),
      }),
      tf.layers.separableConv2d({
        filters: 4,
        kernelSize: 3,
        depthMultiplier: 2,
        activation: 'relu',
        depthwiseInitializer: from(),
        pointwiseInitializer: from(),
      }),
      tf.layers.flatten(),
      dense(3),
    ],
  },
  'an embedding': {
    inputs: words,
    layers: () => [embedding(WORDS), tf.layers.flatten(), dense(3)],
  },
  'attention over an embedding': {
    inputs: words,
    layers: () => [embedding(WORDS), new SelfAttention({}), tf.layers.globalAveragePooling1d({}), dense(3)],
  },
} as const;

/** Losses of four epochs; and of how many tensors two of them leave behind. */
async function fit(backend: 'wasm' | 'cpu', name: keyof typeof NETWORKS) {
  await useBackend(backend);
  tf.env().set('IS_TEST', false); // with it tfjs looks for leaks, and finds one in an op of its own
  seed = 100;
  const { inputs, layers } = NETWORKS[name];
  const x = inputs();
  const y = tf.tensor1d(Float32Array.from({ length: 24 }, (_, i) => i % 3));
  const model = tf.sequential({ layers: layers() as tf.layers.Layer[] });
  model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: 'sparseCategoricalCrossentropy' });
  const train = () => model.fit(x, y, { epochs: 2, batchSize: 10, shuffle: false, verbose: 0 });
  const first = await train();
  const before = tf.memory().numTensors;
  const second = await train();
  const left = tf.memory().numTensors - before;
  tf.dispose([x, y]);
  model.dispose();
  return { losses: [...first.history['loss']!, ...second.history['loss']!] as number[], left };
}

describe("model.fit on tfjs' WASM backend", () => {
  for (const name of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[])
    it(`trains ${name}: losses within 1e-4 of tfjs' cpu backend's, and no tensor stays behind`, async () => {
      const ours = await fit('wasm', name);
      const theirs = await fit('cpu', name);
      assert.equal(ours.left, 0);
      assert.ok(ours.losses.at(-1)! < ours.losses[0]!, `${ours.losses}`);
      for (const [i, loss] of ours.losses.entries()) {
        assert.ok(Math.abs(loss / theirs.losses[i]! - 1) < 1e-4, `${ours.losses} beside ${theirs.losses}`);
      }
    });
});
