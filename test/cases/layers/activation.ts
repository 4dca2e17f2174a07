// activation.ts: small models with Activation layers, and the layers that are one, on rows and on images. No expected results.
import { activations } from '../../../trainer/layers/activations.ts';
import type { LayerCase, Node } from '../layer.ts';

const each = Object.keys(activations).flatMap((activation): LayerCase[] => [
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

/** A layer on rows, and on images between convolutions with borders. */
const both = (title: string, node: Node): LayerCase[] => [
  {
    title: `${title} behind Dense`,
    input: [6],
    layers: [['Dense', { units: 9 }], node, ['Dense', { units: 3 }], node],
  },
  {
    title: `${title} between convolutions with borders`,
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 4, kernel_size: 3, padding: 'same' }],
      node,
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }],
      node,
    ],
    shares: [8, 1],
  },
];

export const reluCases: readonly LayerCase[] = [
  ...both('as relu', ['ReLU']),
  ...both('with a maximum', ['ReLU', { max_value: 0.5 }]),
  ...both('with a slope', ['ReLU', { negative_slope: 0.125, max_value: 0.75 }]),
  ...both('with a threshold', ['ReLU', { negative_slope: 0.125, threshold: 0.25, max_value: 1 }]),
];
export const leakyReluCases = [
  ...both('by default', ['LeakyReLU']),
  ...both('of a given slope', ['LeakyReLU', { negative_slope: 0.0625 }]),
];
export const eluCases = [...both('by default', ['ELU']), ...both('of a given alpha', ['ELU', { alpha: 0.5 }])];
export const softmaxCases = both('over the last axis', ['Softmax']);
export const preluCases: readonly LayerCase[] = [
  ...both('a slope for each value', ['PReLU']),
  {
    title: 'a slope for each channel, micro-shards of many rows',
    input: [5, 4, 2],
    layers: [
      ['Conv2D', { filters: 5, kernel_size: 3, padding: 'same' }],
      ['PReLU', { shared_axes: [1, 2] }],
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }],
      ['PReLU', { shared_axes: [1] }],
    ],
    shares: [17, 16],
  },
  {
    title: 'of the input',
    input: [7],
    layers: [
      ['PReLU', { shared_axes: [1] }],
      ['Dense', { units: 2 }],
    ],
  },
];
