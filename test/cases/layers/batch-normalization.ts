// batch-normalization.ts: small models around BatchNormalization, one micro-shard and several. No expected results.
import type { LayerCase, Node } from '../layer.ts';

/** Without a bias: its gradient would be zero behind it. */
const conv = (config: object = {}, inputs?: readonly string[]): Node => {
  const options = { filters: 5, kernel_size: 3, padding: 'same', use_bias: false, ...config };
  return inputs ? ['Conv2D', options, inputs] : ['Conv2D', options];
};
const batch = (config: object = {}): Node => ['BatchNormalization', config];
const relu: Node = ['Activation', { activation: 'relu' }];

const widths = [1, 3, 4, 16, 17, 33].map(
  (filters): LayerCase => ({
    title: `${filters} channels`,
    input: [4, 5, 2],
    layers: [conv({ filters }), batch(), ['Flatten'], ['Dense', { units: 3 }]],
  }),
);

export const batchNormalizationCases: readonly LayerCase[] = [
  ...widths,
  {
    title: 'rows of features',
    input: [6],
    layers: [['Dense', { units: 7, use_bias: false }], batch()],
    shares: [9, 8],
    rows: 5,
  },
  {
    title: 'rows of steps',
    input: [5, 6],
    layers: [['Dense', { units: 3, use_bias: false }], batch(), ['Dense', { units: 2 }]],
  },
  { title: 'one micro-shard of many blocks', input: [9, 12, 2], layers: [conv(), batch(), relu], shares: [5] },
  { title: 'neither gamma nor beta', input: [4, 4, 2], layers: [conv(), batch({ scale: false, center: false }), relu] },
  { title: 'no gamma', input: [4, 4, 2], layers: [conv(), batch({ scale: false, epsilon: 0.1 })] },
  { title: 'no beta, the axis by its number', input: [4, 4, 2], layers: [conv(), batch({ center: false, axis: [3] })] },
  {
    title: 'between convolutions with borders',
    input: [5, 4, 2],
    layers: [conv(), batch(), conv({ filters: 3 }), batch(), relu],
    shares: [3, 2, 2],
  },
  {
    title: 'residual blocks',
    input: [6, 5, 3],
    layers: [
      conv(), // 0
      batch(),
      relu, // 2
      conv(),
      batch(),
      relu,
      conv(), // 6
      batch(),
      ['Add', {}, ['batchnormalization_7', 'activation_2']],
      relu, // 9
      conv({ filters: 6, strides: 2 }),
      batch(),
      conv({ filters: 6, kernel_size: 1, strides: 2 }, ['activation_9']),
      batch(),
      ['Add', {}, ['batchnormalization_11', 'batchnormalization_13']],
      relu,
      ['Flatten'],
      ['Dense', { units: 4 }],
    ],
    shares: [4, 3],
    rows: 2,
  },
];
