// tfjs-resnet50.ts: training speed of ResNet-50 in tfjs-node's own layers, as one would write it by hand. Usage: REQUEST (models.ts)
import type { SymbolicTensor } from '@tensorflow/tfjs';
import { loadTensorflow } from '../../trainer/tfjs/tensorflow.ts';
import type { ModelFigure } from '../models.ts';

const { batch, input, seconds, threads } = JSON.parse(process.argv[2]!) as {
  readonly batch: number;
  readonly input: readonly number[];
  readonly seconds: number;
  readonly threads: number;
};
process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
const tf = loadTensorflow();
const { layers } = tf;
const CLASSES = 10;

function convolution(x: SymbolicTensor, filters: number, kernelSize: number, strides = 1): SymbolicTensor {
  const y = layers.conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false }).apply(x);
  return layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }).apply(y) as SymbolicTensor;
}
const relu = (x: SymbolicTensor) => layers.reLU().apply(x) as SymbolicTensor;

function block(x: SymbolicTensor, filters: number, strides: number): SymbolicTensor {
  const narrow = relu(convolution(x, filters, 1));
  const y = convolution(relu(convolution(narrow, filters, 3, strides)), 4 * filters, 1);
  const shortcut = strides === 1 && x.shape[3] === 4 * filters ? x : convolution(x, 4 * filters, 1, strides);
  return relu(layers.add().apply([y, shortcut]) as SymbolicTensor);
}

function resnet50() {
  const image = tf.input({ shape: [...input] });
  const stem = relu(convolution(image, 64, 7, 2));
  let x = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(stem) as SymbolicTensor;
  for (const [stage, blocks] of [3, 4, 6, 3].entries())
    for (let i = 0; i < blocks; i++) x = block(x, 64 * 2 ** stage, stage > 0 && i === 0 ? 2 : 1);
  const features = layers.globalAveragePooling2d({}).apply(x) as SymbolicTensor;
  const classes = layers.dense({ units: CLASSES, activation: 'softmax' }).apply(features) as SymbolicTensor;
  return tf.model({ inputs: image, outputs: classes });
}

const model = resnet50();
model.compile({ optimizer: tf.train.momentum(0.001, 0.9), loss: 'sparseCategoricalCrossentropy' });
const x = tf.randomUniform([batch, ...input], 0, 1, 'float32', 1);
const y = tf.tensor1d(Array.from({ length: batch }, (_, i) => i % CLASSES));
let loss = (await model.trainOnBatch(x, y)) as number; // allocates
const start = performance.now();
let samples = 0;
let passed = 0;
while (passed < seconds) {
  loss = (await model.trainOnBatch(x, y)) as number;
  samples += batch;
  passed = (performance.now() - start) / 1000;
}
const figure: ModelFigure = {
  samples_per_second: samples / passed,
  loss,
  peak_bytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(figure));
