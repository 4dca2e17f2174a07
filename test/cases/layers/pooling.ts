// pooling.ts: small models around MaxPooling2D and AveragePooling2D at odd sizes. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (config: object = {}): Node => ['Conv2D', { filters: 5, kernel_size: 2, ...config }];

const windows: readonly (readonly [title: string, config: object])[] = [
  ['2 x 2', {}],
  ['3 x 3, stride 2', { pool_size: 3, strides: 2 }],
  ['3 x 3, stride 2, same', { pool_size: 3, strides: 2, padding: 'same' }],
  ['2 x 2, same, over the edge', { padding: 'same' }],
  ['3 x 2, stride 1, overlapping', { pool_size: [3, 2], strides: 1 }],
  ['3 x 3, stride 1, same', { pool_size: 3, strides: 1, padding: 'same' }],
  ['2 x 2, stride 3: pixels that no window sees', { strides: 3 }],
  ['1 x 3, stride 2 x 1', { pool_size: [1, 3], strides: [2, 1] }],
];

const casesOf = (className: string): readonly LayerCase[] => [
  ...windows.map(([title, config]): LayerCase => ({ title, input: [8, 10, 2], layers: [conv(), [className, config]] })),
  // a relu that only the pool reads: its gradient comes masked
  ...windows.map(
    ([title, config]): LayerCase => ({
      title: `${title}, behind a fused relu`,
      input: [8, 10, 2],
      layers: [conv({ activation: 'relu' }), [className, config], ['Flatten'], ['Dense', { units: 3 }]],
    }),
  ),
  ...[1, 4, 16, 19].map(
    (filters): LayerCase => ({
      title: `${filters} channels`,
      input: [6, 5, 2],
      layers: [conv({ filters, activation: 'relu' }), [className]],
      shares: [9, 8],
    }),
  ),
  {
    title: 'behind tanh and between borders of zeros',
    input: [8, 7, 2],
    layers: [
      conv({ kernel_size: 3, padding: 'same', activation: 'tanh' }),
      [className, { pool_size: 3, strides: 2, padding: 'same' }],
      conv({ kernel_size: 3, padding: 'same', filters: 3 }),
    ],
    shares: [1, 1, 1],
  },
  {
    title: 'of a relu that has another reader',
    input: [6, 6, 2],
    layers: [
      conv({ kernel_size: 3, padding: 'same', activation: 'relu' }),
      [className, { pool_size: 3, strides: 1, padding: 'same' }],
      ['Add', {}, ['conv2d_0', `${className.toLowerCase()}_1`]],
    ],
  },
  {
    title: 'of a relu that is read with a border too',
    input: [6, 6, 2],
    layers: [
      conv({ kernel_size: 3, padding: 'same', activation: 'relu' }),
      [className, { strides: 1, padding: 'same' }],
      ['Conv2D', { filters: 5, kernel_size: 3, padding: 'same' }, ['conv2d_0']],
      ['Add', {}, ['conv2d_2', `${className.toLowerCase()}_1`]],
    ],
  },
  {
    title: 'twice in a row',
    input: [12, 11, 1],
    layers: [conv({ activation: 'relu' }), [className], [className, { padding: 'same' }]],
  },
];

export const maxPooling2dCases: readonly LayerCase[] = casesOf('MaxPooling2D');
export const averagePooling2dCases: readonly LayerCase[] = casesOf('AveragePooling2D');
