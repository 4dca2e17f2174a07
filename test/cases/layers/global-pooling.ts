// global-pooling.ts: small models with pooling over whole images and sequences. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (config: object = {}): Node => ['Conv2D', { filters: 5, kernel_size: 3, padding: 'same', ...config }];

export const globalPooling2dCases = (className: string): readonly LayerCase[] => [
  ...[1, 4, 19, 33].map(
    (filters): LayerCase => ({
      title: `${filters} channels behind a fused relu`,
      input: [5, 6, 2],
      layers: [conv({ filters, activation: 'relu' }), [className], ['Dense', { units: 3 }]],
      shares: [9, 8],
    }),
  ),
  { title: 'as the output', input: [4, 3, 2], layers: [conv(), [className]] },
  { title: 'keepdims, as the output', input: [4, 3, 2], layers: [conv(), [className, { keepdims: true }]] },
  {
    title: 'keepdims, before a convolution with a border',
    input: [4, 3, 2],
    layers: [conv({ activation: 'relu' }), [className, { keepdims: true }], conv()],
  },
  {
    title: 'of a value that another layer reads too',
    input: [4, 4, 2],
    layers: [
      conv({ activation: 'relu' }),
      [className, {}, ['conv2d_0']],
      ['MaxPooling2D', { pool_size: 4 }, ['conv2d_0']],
      ['Flatten'],
      ['Add', {}, [`${className.toLowerCase()}_1`, 'flatten_3']],
    ],
  },
  { title: 'of one pixel', input: [1, 1, 3], layers: [conv(), [className]] },
  { title: 'of more than 255 columns', input: [2, 300, 1], layers: [conv({ filters: 2 }), [className]], shares: [1] },
];

export const globalPooling1dCases = (className: string): readonly LayerCase[] => [
  { title: 'as the output', input: [7, 3], layers: [['Dense', { units: 5 }], [className]] },
  {
    title: 'keepdims, behind relu',
    input: [6, 3],
    layers: [
      ['Dense', { units: 4, activation: 'relu' }],
      [className, { keepdims: true }],
      ['Flatten'],
      ['Dense', { units: 2 }],
    ],
    shares: [9, 8],
  },
];
