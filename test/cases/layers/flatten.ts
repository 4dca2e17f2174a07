// flatten.ts: small models with Flatten, of tensors with and without a border. No expected results.
import type { LayerCase } from '../layer.ts';

export const flattenCases: readonly LayerCase[] = [
  {
    title: 'of an image, as the output',
    input: [4, 5, 2],
    layers: [['Conv2D', { filters: 3, kernel_size: 2, activation: 'relu' }], ['Flatten']],
  },
  {
    title: 'of rows',
    input: [4, 5],
    layers: [['Dense', { units: 3 }], ['Flatten'], ['Dense', { units: 4 }]],
  },
  {
    title: 'of a row: nothing changes',
    input: [5],
    layers: [['Dense', { units: 3 }], ['Flatten'], ['Dense', { units: 4 }]],
  },
  {
    title: 'of the input',
    input: [3, 4, 2],
    layers: [['Flatten'], ['Dense', { units: 4 }]],
    shares: [9, 8],
  },
  {
    title: 'of an image with a border of zeros, which a convolution reads too',
    input: [4, 5, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
      ['Flatten'],
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }, ['conv2d_0']],
      ['Flatten'],
      ['Add', {}, ['flatten_1', 'flatten_3']],
    ],
  },
  {
    title: 'of a convolution whose gradient is read with a border of zeros',
    input: [6, 5, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 1 }],
      ['Conv2D', { filters: 4, kernel_size: 3, activation: 'relu' }],
      ['Flatten'],
      ['Dense', { units: 3 }],
    ],
  },
];
