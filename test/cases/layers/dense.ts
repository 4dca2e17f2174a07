// dense.ts: small models around Dense at odd sizes. No expected results.
import { activations } from '../../../trainer/layers/activations.ts';
import type { LayerCase, Node } from '../layer.ts';

const dense = (units: number, config: object = {}): Node => ['Dense', { units, ...config }];

const sizes = (
  [
    [1, 1],
    [3, 7],
    [5, 16],
    [17, 33],
    [100, 10],
  ] as const
).map(
  ([units, outputs]): LayerCase => ({
    title: `${units} to ${outputs}`,
    input: [6],
    layers: [dense(units, { activation: 'tanh' }), dense(outputs)],
  }),
);
const activationCases = Object.keys(activations).map(
  (activation): LayerCase => ({
    title: activation,
    input: [7],
    layers: [dense(6, { activation }), dense(5, { activation })],
  }),
);
const rows = ([[1], [2], [8], [9, 8], [17, 17, 16], [1, 1, 1, 1, 1, 1, 1]] as const).map(
  (shares): LayerCase => ({
    title: 'micro-shards',
    input: [19],
    layers: [dense(18, { activation: 'relu' }), dense(11)],
    shares,
  }),
);

export const denseCases: readonly LayerCase[] = [
  {
    title: 'classes of each place, some without a label',
    input: [5, 3],
    layers: [
      ['Dense', { units: 4, activation: 'tanh' }],
      ['Dense', { units: 6, activation: 'softmax' }],
    ],
    loss: 'SparseCategoricalCrossentropy',
    shares: [2, 2],
  },
  ...sizes,
  ...activationCases,
  ...rows,
  { title: 'no bias', input: [5], layers: [dense(4), dense(3, { use_bias: false })] },
  {
    title: 'behind Flatten',
    input: [4, 5, 3],
    layers: [['Conv2D', { filters: 5, kernel_size: 2 }], ['Flatten'], dense(7, { activation: 'relu' }), dense(2)],
  },
  { title: 'on rows of a sample', input: [5, 6], layers: [dense(4, { activation: 'sigmoid' }), dense(3)] },
  { title: 'on rows of a sample, softmax', input: [5, 6], layers: [dense(4), dense(3, { activation: 'softmax' })] },
  { title: 'on pixels', input: [3, 4, 2], layers: [dense(5, { activation: 'relu' }), dense(3)] },
  { title: 'on more pixels than a tile', input: [9, 12, 2], layers: [dense(5, { activation: 'relu' }), dense(3)] },
  {
    title: 'between convolutions with borders',
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
      dense(4, { activation: 'relu' }),
      ['Conv2D', { filters: 2, kernel_size: 3, padding: 'same' }],
      dense(3, { activation: 'tanh' }),
    ],
  },
  {
    title: 'on pixels that a convolution reads with a border too',
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
      dense(3),
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }, ['conv2d_0']],
      ['Add', {}, ['dense_1', 'conv2d_2']],
    ],
  },
];
