// border.ts: small models with zeros around images and sequences, and with borders cut off. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (config: object = {}): Node => ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', ...config }];

const images = (className: string, key: string): readonly LayerCase[] => [
  ...[
    1,
    [1, 2],
    [
      [0, 2],
      [3, 1],
    ],
    0,
  ].map(
    (sides): LayerCase => ({
      title: `${key} ${JSON.stringify(sides)}`,
      input: [7, 6, 2],
      layers: [conv({ activation: 'relu' }), [className, { [key]: sides }]],
    }),
  ),
  {
    title: 'before a convolution without padding',
    input: [8, 7, 2],
    layers: [conv({ filters: 5 }), [className, { [key]: 1 }], conv({ padding: 'valid', strides: 2 })],
    shares: [9, 8],
  },
  {
    title: 'of the input, before a pool',
    input: [8, 7, 2],
    layers: [
      [className, { [key]: 1 }],
      conv({ activation: 'relu' }),
      [
        className,
        {
          [key]: [
            [1, 0],
            [0, 1],
          ],
        },
      ],
      ['MaxPooling2D'],
    ],
  },
  {
    title: 'of a value that is read with other borders too',
    input: [6, 6, 2],
    layers: [
      conv({ activation: 'relu' }),
      [
        className,
        {
          [key]: [
            [0, 1],
            [1, 0],
          ],
        },
      ],
      conv({ kernel_size: 5, activation: 'relu' }),
      ['Conv2D', { filters: 3, kernel_size: 5, padding: 'same' }, ['conv2d_0']],
      ['Flatten', {}, ['conv2d_2']],
      ['Flatten', {}, ['conv2d_3']],
      ['Dense', { units: 2 }, ['flatten_4']],
      ['Dense', { units: 2 }, ['flatten_5']],
      ['Add', {}, ['dense_6', 'dense_7']],
    ],
  },
  {
    title: 'as the output, of a value that is read with a wider border',
    input: [5, 5, 2],
    layers: [
      conv(),
      ['Conv2D', { filters: 3, kernel_size: 5, padding: 'same' }, ['conv2d_0']],
      ['Add', {}, ['conv2d_0', 'conv2d_1']],
      [className, { [key]: 1 }],
    ],
  },
];

const sequences = (className: string, key: string): readonly LayerCase[] =>
  [1, [1, 2], [0, 1]].map((ends) => ({
    title: `${key} ${JSON.stringify(ends)}`,
    input: [6, 2],
    layers: [
      ['Dense', { units: 5 }],
      [className, { [key]: ends }],
      ['Conv1D', { filters: 3, kernel_size: 2 }],
    ],
  }));

export const zeroPadding2dCases: readonly LayerCase[] = images('ZeroPadding2D', 'padding');
export const cropping2dCases: readonly LayerCase[] = images('Cropping2D', 'cropping');
export const zeroPadding1dCases: readonly LayerCase[] = sequences('ZeroPadding1D', 'padding');
export const cropping1dCases: readonly LayerCase[] = sequences('Cropping1D', 'cropping');
