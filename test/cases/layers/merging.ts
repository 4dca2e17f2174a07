// merging.ts: small models that make several tensors one, of one shape and broadcast. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (filters: number, inputs?: readonly string[]): Node => {
  const options = { filters, kernel_size: 3, padding: 'same' };
  return inputs ? ['Conv2D', options, inputs] : ['Conv2D', options];
};

/** Cases of a layer of any number of inputs, or of two. */
const merges = (className: string, most: number): readonly LayerCase[] => [
  {
    title: 'images, read by a convolution with a border',
    input: [4, 5, 2],
    layers: [conv(3), conv(3), [className, {}, ['conv2d_0', 'conv2d_1']], conv(2)],
    shares: [3, 2],
  },
  {
    title: 'a row a sample over all pixels',
    input: [4, 3, 2],
    layers: [
      conv(5),
      ['GlobalAveragePooling2D'],
      ['Dense', { units: 5 }],
      [className, {}, ['conv2d_0', 'dense_2']],
      conv(2),
    ],
  },
  {
    title: 'a channel over all channels, a row of pixels over all rows',
    input: [3, 4, 2],
    layers: [
      conv(3),
      ['Conv2D', { filters: 1, kernel_size: [3, 1] }],
      conv(1, ['conv2d_0']),
      [className, {}, ['conv2d_1', 'conv2d_0']],
      [className, {}, [`${className.toLowerCase()}_3`, 'conv2d_2']],
    ],
  },
  {
    title: 'steps with one another',
    input: [5, 3],
    layers: [
      ['Dense', { units: 4 }],
      ['Dense', { units: 1 }, ['dense_0']],
      [className, {}, ['dense_1', 'dense_0']],
      ['Dense', { units: 2 }],
    ],
    shares: [9, 8],
  },
  ...(most > 2
    ? [
        {
          title: 'three, one of them twice',
          input: [4, 5],
          layers: [
            ['Dense', { units: 3 }],
            ['Dense', { units: 3 }],
            ['Dense', { units: 3 }, ['dense_0']],
            [className, {}, ['dense_0', 'dense_1', 'dense_2', 'dense_0']],
            ['Dense', { units: 2 }],
          ] as const,
        },
      ]
    : []),
];

export const addBroadcastCases = merges('Add', 4);
export const subtractCases = merges('Subtract', 2);
export const multiplyCases: readonly LayerCase[] = [
  ...merges('Multiply', 4),
  {
    title: 'squeeze and excitation: channels weighted by what all pixels say',
    input: [5, 4, 3],
    layers: [
      conv(6),
      ['GlobalAveragePooling2D', { keepdims: true }],
      ['Conv2D', { filters: 2, kernel_size: 1, activation: 'silu' }],
      ['Conv2D', { filters: 6, kernel_size: 1, activation: 'sigmoid' }],
      ['Multiply', {}, ['conv2d_0', 'conv2d_3']],
      conv(2),
    ],
    shares: [3, 2],
  },
];
export const averageCases = merges('Average', 4);
export const maximumCases = merges('Maximum', 4);
export const minimumCases = merges('Minimum', 4);

const dense = (units: number, inputs: readonly string[] = ['input']): Node => ['Dense', { units }, inputs];

export const concatenateCases: readonly LayerCase[] = [
  ...[-1, 1, 2, 3].map(
    (axis): LayerCase => ({
      title: `images along axis ${axis}`,
      input: [4, 5, 2],
      layers: [
        conv(3, ['input']),
        [
          'Conv2D',
          axis === -1 || axis === 3
            ? { filters: 4, kernel_size: 1 }
            : { filters: 3, kernel_size: axis === 1 ? [2, 1] : [1, 3] },
          ['input'],
        ],
        ['Concatenate', { axis }, ['conv2d_0', 'conv2d_1', 'conv2d_0']],
        conv(2),
      ],
      shares: [3, 2],
    }),
  ),
  {
    title: 'rows',
    input: [5],
    layers: [dense(1), dense(17), ['Concatenate', {}, ['dense_0', 'dense_1']], ['Dense', { units: 3 }]],
  },
];

export const dotCases: readonly LayerCase[] = [
  { title: 'rows', input: [5], layers: [dense(7), dense(7), ['Dot', { axes: 1 }, ['dense_0', 'dense_1']]] },
  {
    title: 'cosine of rows',
    input: [5],
    layers: [dense(7), dense(7), ['Dot', { axes: -1, normalize: true }, ['dense_0', 'dense_1']]],
  },
  {
    title: 'all steps with all steps',
    input: [5, 3],
    layers: [dense(6), dense(6), ['Dot', { axes: [2, -1] }, ['dense_0', 'dense_1']], ['Dense', { units: 2 }]],
    shares: [9, 8],
  },
  {
    title: 'over steps, of length 1 along them',
    input: [5, 3],
    layers: [dense(6), dense(4), ['Dot', { axes: 1, normalize: true }, ['dense_0', 'dense_1']]],
  },
  {
    title: 'an image with a row, read by a convolution with a border',
    input: [4, 3, 2],
    layers: [
      conv(5),
      ['Flatten', {}, ['conv2d_0']],
      ['Dense', { units: 3 }],
      ['Dot', { axes: [2, 1] }, ['conv2d_0', 'dense_2']],
      ['Reshape', { target_shape: [4, 5, 1] }],
      conv(2),
    ],
  },
];
