// dropout.ts: small models with Dropout, whose masks the oracle draws too. No expected results.
import type { LayerCase } from '../layer.ts';

export const dropoutCases: readonly LayerCase[] = [
  {
    title: 'on rows, several leaves and places',
    input: [6],
    layers: [
      ['Dense', { units: 13, activation: 'relu' }],
      ['Dropout', { rate: 0.4 }],
      ['Dense', { units: 5 }],
      ['Dropout', { rate: 0.1 }],
    ],
    shares: [9, 8, 8],
  },
  {
    title: 'on images between convolutions with borders',
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
      ['Dropout', { rate: 0.25 }],
      ['Conv2D', { filters: 5, kernel_size: 3, padding: 'same' }],
      ['Dropout', { rate: 0.5 }],
    ],
    shares: [2, 2, 1],
  },
  {
    title: 'of rate 0 between convolutions with borders',
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
      ['Dropout', { rate: 0 }],
      ['Conv2D', { filters: 5, kernel_size: 3, padding: 'same' }],
    ],
  },
  {
    title: 'of the input, and behind a pool',
    input: [6, 6, 2],
    layers: [
      ['Dropout', { rate: 0.3 }],
      ['Conv2D', { filters: 4, kernel_size: 3, activation: 'relu' }],
      ['MaxPooling2D'],
      ['Dropout', { rate: 0.5 }],
      ['Flatten'],
      ['Dense', { units: 3, activation: 'softmax' }],
    ],
    shares: [17, 16],
    loss: 'SparseCategoricalCrossentropy',
  },
  {
    title: 'of a value that another layer reads as it is',
    input: [5],
    layers: [
      ['Dense', { units: 4, activation: 'relu' }],
      ['Dropout', { rate: 0.5 }],
      ['Add', {}, ['dense_0', 'dropout_1']],
    ],
    shares: [1, 1, 1, 1, 1],
  },
];
