// add.ts: small models in which values fan out and meet again in Add. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const same = (config: object = {}, inputs?: readonly string[]): Node => {
  const options = { filters: 3, kernel_size: 3, padding: 'same', ...config };
  return inputs ? ['Conv2D', options, inputs] : ['Conv2D', options];
};

export const addCases: readonly LayerCase[] = [
  {
    title: 'two branches',
    input: [5],
    layers: [
      ['Dense', { units: 4, activation: 'tanh' }],
      ['Dense', { units: 4 }, ['input']],
      ['Add', {}, ['dense_0', 'dense_1']],
      ['Dense', { units: 3 }],
    ],
  },
  {
    title: 'a residual block of convolutions',
    input: [6, 5, 2],
    layers: [
      same({ activation: 'relu' }),
      same({ activation: 'relu' }),
      same(),
      ['Add', {}, ['conv2d_0', 'conv2d_2']],
      ['Activation', { activation: 'relu' }],
      ['MaxPooling2D'],
      ['Flatten'],
      ['Dense', { units: 4 }],
    ],
    shares: [9, 8],
  },
  {
    title: 'two residual blocks, the skip last',
    input: [5, 5, 2],
    layers: [
      same(),
      same({ activation: 'relu' }),
      ['Add', {}, ['conv2d_1', 'conv2d_0']],
      same({ activation: 'relu' }),
      ['Add', {}, ['conv2d_3', 'add_2']],
    ],
  },
  {
    title: 'x + x',
    input: [5],
    layers: [
      ['Dense', { units: 4, activation: 'relu' }],
      ['Add', {}, ['dense_0', 'dense_0']],
      ['Dense', { units: 3 }],
    ],
  },
  {
    title: 'x + x + y of images with borders',
    input: [4, 5, 2],
    layers: [same({ activation: 'relu' }), same(), ['Add', {}, ['conv2d_0', 'conv2d_0', 'conv2d_1']], same()],
  },
  {
    title: 'five branches, one of them the input',
    input: [3],
    layers: [
      ['Dense', { units: 3, activation: 'relu' }],
      ['Dense', { units: 3, activation: 'tanh' }],
      ['Dense', { units: 3, activation: 'sigmoid' }, ['dense_0']],
      ['Add', {}, ['dense_0', 'input', 'dense_1', 'dense_2', 'dense_0']],
    ],
  },
  {
    title: 'relu layers that fan out',
    input: [4, 4, 2],
    layers: [
      same(),
      ['Activation', { activation: 'relu' }],
      same({}, ['activation_1']),
      ['MaxPooling2D', { pool_size: 2, strides: 1, padding: 'same' }, ['activation_1']],
      ['Add', {}, ['conv2d_2', 'maxpooling2d_3']],
    ],
  },
  {
    title: 'a sum that several read, through Flatten and Dropout',
    input: [3, 4, 2],
    layers: [
      same(),
      same({ activation: 'relu' }, ['input']),
      ['Add', {}, ['conv2d_0', 'conv2d_1']],
      ['Flatten'],
      ['Dense', { units: 36, activation: 'relu' }],
      ['Dropout', { rate: 0.5 }, ['flatten_3']],
      ['Add', {}, ['dropout_5', 'dense_4', 'flatten_3']],
      ['Dense', { units: 2 }],
    ],
  },
];
