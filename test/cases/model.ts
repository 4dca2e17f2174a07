// model.ts: small models that between them use every layer and option, with data to train on. No expected results.
import { draws, seedWords, unit } from '../../base/random.ts';
import { elements, type LayerConfig, type Model } from '../../trainer/model.ts';
import type { LossName, NdArray } from '../support/oracle/index.ts';

export interface ModelCase {
  readonly title: string;
  readonly model: Model;
  /** Shapes by path, in Keras' order. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /** Without the batch axis. */
  readonly outputShape: readonly number[];
  readonly loss: LossName;
  readonly fromLogits?: boolean;
}

/** Uniform in [-scale, scale), different for every `site`. */
export function uniform(shape: readonly number[], site: number, scale = 1): NdArray {
  const word = draws(seedWords(7), 0, 0x30000 + site, 0);
  return { shape, data: Float64Array.from({ length: elements(shape) }, (_, i) => (unit(word(i)) * 2 - 1) * scale) };
}

const conv = (config: object): LayerConfig => ({
  className: 'Conv2D',
  config: {
    kernel_size: [3, 3],
    strides: [1, 1],
    padding: 'valid',
    dilation_rate: [1, 1],
    groups: 1,
    activation: 'linear',
    use_bias: true,
    ...config,
  },
});
const pool = (className: string, config: object = {}): LayerConfig => ({
  className,
  config: { pool_size: [2, 2], strides: [2, 2], padding: 'valid', ...config },
});
const dense = (units: number, activation: string, use_bias = true): LayerConfig => ({
  className: 'Dense',
  config: { units, activation, use_bias },
});
const activation = (name: string): LayerConfig => ({ className: 'Activation', config: { activation: name } });
const dropout = (rate: number): LayerConfig => ({ className: 'Dropout', config: { rate } });
const flatten: LayerConfig = { className: 'Flatten', config: {} };

/** Each layer called once, on the result of the one before. */
function chain(shape: readonly number[], layers: Readonly<Record<string, LayerConfig>>): Model {
  const names = Object.keys(layers);
  return {
    name: 'chain',
    inputs: [{ name: 'input', spec: { shape } }],
    layers,
    calls: names.map((name, i) => ({ name, layer: name, inputs: [names[i - 1] ?? 'input'] })),
    outputs: [names.at(-1)!],
  };
}

/** Every layer and option of issue 3 at odd sizes. A sample is small enough for a finite-difference check. */
export const modelCases: readonly ModelCase[] = [
  {
    title: 'dense with every activation, sparse cross-entropy',
    model: chain([7], {
      a: dense(6, 'relu'),
      b: dense(5, 'tanh'),
      c: dense(9, 'sigmoid', false),
      d: dense(4, 'softmax'),
    }),
    weights: {
      'a/kernel': [7, 6],
      'a/bias': [6],
      'b/kernel': [6, 5],
      'b/bias': [5],
      'c/kernel': [5, 9],
      'd/kernel': [9, 4],
      'd/bias': [4],
    },
    outputShape: [4],
    loss: 'sparse_categorical_crossentropy',
  },
  {
    title: 'strided convolution with same padding at odd sizes, max-pool',
    model: chain([9, 7, 3], {
      conv: conv({ filters: 5, strides: [2, 3], padding: 'same', activation: 'relu', kernel_size: [3, 5] }),
      pool: pool('MaxPooling2D', { padding: 'same' }),
      flatten,
      dense: dense(4, 'linear'),
    }),
    weights: { 'conv/kernel': [3, 5, 3, 5], 'conv/bias': [5], 'dense/kernel': [3 * 2 * 5, 4], 'dense/bias': [4] },
    outputShape: [4],
    loss: 'categorical_crossentropy',
    fromLogits: true,
  },
  {
    title: 'dilated convolution, average-pool whose windows overlap and hang over',
    model: chain([8, 9, 2], {
      conv: conv({ filters: 3, dilation_rate: [2, 3], kernel_size: [2, 3], activation: 'tanh', use_bias: false }),
      pool: pool('AveragePooling2D', { pool_size: [3, 2], strides: [2, 1], padding: 'same' }),
      flatten,
      dense: dense(2, 'sigmoid'),
    }),
    weights: { 'conv/kernel': [2, 3, 2, 3], 'dense/kernel': [3 * 3 * 3, 2], 'dense/bias': [2] },
    outputShape: [2],
    loss: 'binary_crossentropy',
  },
  {
    title: 'grouped convolution with same padding and dilation, softmax of its own, mean squared error',
    model: chain([5, 6, 4], {
      conv: conv({ filters: 6, groups: 2, padding: 'same', dilation_rate: [2, 1] }),
      pool: pool('MaxPooling2D', { pool_size: [3, 3], strides: [1, 2] }),
      average: pool('AveragePooling2D', { pool_size: [1, 2], strides: [1, 2] }),
      flatten,
      softmax: activation('softmax'),
    }),
    weights: { 'conv/kernel': [3, 3, 2, 6], 'conv/bias': [6] },
    outputShape: [18],
    loss: 'mean_squared_error',
  },
  {
    title: 'branches that meet in Add, a shared layer, binary cross-entropy from logits',
    model: {
      name: 'graph',
      inputs: [{ name: 'image', spec: { shape: [5, 5, 2] } }],
      layers: {
        conv: conv({ filters: 2, padding: 'same' }),
        relu: activation('relu'),
        add: { className: 'Add', config: {} },
        flatten,
        dense: dense(3, 'linear'),
      },
      calls: [
        { name: 'conv', layer: 'conv', inputs: ['image'] },
        { name: 'relu', layer: 'relu', inputs: ['conv'] },
        { name: 'again', layer: 'conv', inputs: ['relu'] },
        { name: 'add', layer: 'add', inputs: ['again', 'image', 'relu'] },
        { name: 'flatten', layer: 'flatten', inputs: ['add'] },
        { name: 'dense', layer: 'dense', inputs: ['flatten'] },
      ],
      outputs: ['dense'],
    },
    weights: { 'conv/kernel': [3, 3, 2, 2], 'conv/bias': [2], 'dense/kernel': [50, 3], 'dense/bias': [3] },
    outputShape: [3],
    loss: 'binary_crossentropy',
    fromLogits: true,
  },
];

/** With Dropout, between images and between rows: for whoever draws the same masks. */
export const dropoutCase: ModelCase = {
  title: 'dropout on an image and on a row',
  model: chain([4, 5, 3], {
    drop: dropout(0.25),
    conv: conv({ filters: 4, activation: 'relu' }),
    flatten,
    drop_again: dropout(0.5),
    dense: dense(3, 'softmax'),
  }),
  weights: { 'conv/kernel': [3, 3, 3, 4], 'conv/bias': [4], 'dense/kernel': [24, 3], 'dense/bias': [3] },
  outputShape: [3],
  loss: 'sparse_categorical_crossentropy',
};

/** Weights, a batch and labels for a case: uniform, and never on a kink or a tie. */
export function dataFor({ model, weights, outputShape, loss }: ModelCase, batch: number) {
  const classes = outputShape.at(-1)!;
  const hot = Array.from({ length: batch }, (_, i) => (i * 5 + 2) % classes);
  const targets: Partial<Record<LossName, readonly number[]>> = {
    sparse_categorical_crossentropy: hot,
    categorical_crossentropy: hot.flatMap((label) => Array.from({ length: classes }, (_, i) => Number(i === label))),
    binary_crossentropy: Array.from({ length: batch * classes }, (_, i) => ((i * i) % 3) % 2),
    mean_squared_error: Array.from(uniform([batch * classes], 90).data),
  };
  return {
    weights: Object.fromEntries(
      Object.entries(weights).map(([path, shape], i) => [path, uniform(shape, i, path.endsWith('bias') ? 0.3 : 0.6)]),
    ),
    x: uniform([batch, ...model.inputs[0]!.spec.shape], 91),
    labels: targets[loss]!,
  };
}
