// activation.ts: small models with Activation layers, on rows and on images. No expected results.
import type { LayerCase } from '../layer.ts';

const each = ['linear', 'relu', 'sigmoid', 'tanh', 'softmax'].flatMap((activation): LayerCase[] => [
  {
    title: `${activation} behind Dense`,
    input: [6],
    layers: [
      ['Dense', { units: 5 }],
      ['Activation', { activation }],
      ['Dense', { units: 3 }],
      ['Activation', { activation }],
    ],
  },
  {
    title: `${activation} between convolutions with borders`,
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 4, kernel_size: 3, padding: 'same' }],
      ['Activation', { activation }],
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }],
      ['Activation', { activation }],
    ],
    shares: [8, 1],
  },
  {
    title: `${activation} on a sum that is read twice`,
    input: [4, 3, 2],
    layers: [
      ['Conv2D', { filters: 2, kernel_size: 3, padding: 'same', activation: 'relu' }],
      ['Activation', { activation }],
      ['Add', {}, ['conv2d_0', 'activation_1']],
      ['Activation', { activation }],
      ['Add', {}, ['activation_1', 'activation_3']],
    ],
  },
]);

export const activationCases: readonly LayerCase[] = [
  ...each,
  {
    title: 'relu behind a relu, before a pool',
    input: [6, 6, 2],
    layers: [
      ['Conv2D', { filters: 4, kernel_size: 3, activation: 'relu' }],
      ['Activation', { activation: 'relu' }],
      ['MaxPooling2D'],
    ],
  },
  {
    title: 'softmax as a layer, in the loss',
    input: [6],
    layers: [
      ['Dense', { units: 5, activation: 'tanh' }],
      ['Dense', { units: 4 }],
      ['Activation', { activation: 'softmax' }],
    ],
    loss: 'SparseCategoricalCrossentropy',
  },
  {
    title: 'sigmoid as a layer behind a relu, in the loss',
    input: [6],
    layers: [
      ['Dense', { units: 3, activation: 'relu' }],
      ['Activation', { activation: 'sigmoid' }],
    ],
    loss: 'BinaryCrossentropy',
  },
];
