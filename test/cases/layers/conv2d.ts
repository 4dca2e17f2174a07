// conv2d.ts: small models around Conv2D at odd sizes. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (config: object): Node => ['Conv2D', { filters: 3, kernel_size: 3, ...config }];
/** Makes the gradient of its own output visible, in its kernel. */
const before = (filters = 3, config: object = {}): Node => conv({ filters, kernel_size: 1, ...config });

/** A convolution behind another, so that its weights' and its input's gradients are checked. */
const behind = (title: string, config: object, input: readonly number[] = [7, 6, 2], channels = 3): LayerCase => ({
  title,
  input,
  layers: [before(channels), conv(config)],
});

const kernels = ([1, 2, 3, 5, [2, 3]] as const).flatMap((kernel_size) =>
  (['valid', 'same'] as const).map((padding) =>
    behind(`kernel ${[kernel_size].flat().join(' x ')}, ${padding}`, { kernel_size, padding }),
  ),
);
const strides = ([2, 3, [1, 2]] as const).flatMap((strides) =>
  ([1, 2, 3, 5] as const).flatMap((kernel_size) =>
    (['valid', 'same'] as const).map((padding) =>
      behind(`stride ${[strides].flat().join(' x ')}, kernel ${kernel_size}, ${padding}`, {
        kernel_size,
        strides,
        padding,
      }),
    ),
  ),
);
const dilations = ([2, 3, [1, 2]] as const).flatMap((dilation_rate) =>
  ([2, 3] as const).flatMap((kernel_size) =>
    (['valid', 'same'] as const).map((padding) =>
      behind(
        `dilation ${[dilation_rate].flat().join(' x ')}, kernel ${kernel_size}, ${padding}`,
        { kernel_size, dilation_rate, padding },
        [9, 8, 2],
      ),
    ),
  ),
);
const channels = ([1, 3, 5, 17] as const).flatMap((count) =>
  ([1, 7, 16, 33] as const).map((filters) =>
    behind(`${count} channels, ${filters} filters`, { filters, padding: 'same' }, [4, 5, 2], count),
  ),
);
/** Of 16 channels and more, stride 1 and 3 x 3, which is where Winograd's form is used. */
const winograd = (['valid', 'same'] as const).flatMap((padding) => [
  behind(`Winograd, ${padding}, odd`, { filters: 17, padding, activation: 'relu' }, [7, 5, 2], 18),
  behind(`Winograd, ${padding}, even, no bias`, { filters: 16, padding, use_bias: false }, [6, 4, 2], 19),
  { ...behind(`Winograd, ${padding}, micro-shards`, { filters: 16, padding }, [5, 4, 2], 16), shares: [3, 2, 2] },
]);
const groups: LayerCase[] = [
  behind('2 groups', { groups: 2, filters: 6, padding: 'same' }, [5, 6, 2], 4),
  behind('2 groups of 17 filters, stride 2', { groups: 2, filters: 34, strides: 2 }, [5, 6, 2], 6),
  behind('as many groups as channels', { groups: 5, filters: 5, padding: 'same' }, [5, 6, 2], 5),
  behind(
    'as many groups as channels, two filters each, dilated',
    { groups: 4, filters: 8, dilation_rate: 2 },
    [6, 7, 2],
    4,
  ),
  behind('2 groups of one pixel kernels', { groups: 2, filters: 4, kernel_size: 1 }, [3, 3, 2], 6),
];
const activations = ['relu', 'sigmoid', 'tanh', 'softmax'].flatMap((activation): LayerCase[] => [
  behind(`${activation}`, { activation, filters: 5 }),
  {
    title: `${activation} read with a border of zeros`,
    input: [5, 4, 2],
    layers: [conv({ activation, filters: 4, padding: 'same' }), conv({ padding: 'same', activation })],
  },
]);
const rows = ([[1], [2], [8], [9, 8], [17, 17, 16], [1, 1, 1, 1, 1]] as const).map(
  (shares): LayerCase => ({
    title: 'micro-shards',
    input: [5, 5, 1],
    layers: [before(3, { activation: 'relu' }), conv({ padding: 'same' })],
    shares,
  }),
);

export const conv2dCases: readonly LayerCase[] = [
  ...kernels,
  ...strides,
  ...dilations,
  ...channels,
  ...winograd,
  ...groups,
  ...activations,
  ...rows,
  behind('no bias', { use_bias: false, activation: 'relu' }),
  behind('more pixels than a tile', { filters: 18, padding: 'same', activation: 'relu' }, [11, 12, 2]),
  {
    title: 'three in a row, valid, same and strided',
    input: [9, 8, 1],
    layers: [
      conv({ filters: 4, activation: 'relu' }),
      conv({ filters: 5, padding: 'same', activation: 'relu' }),
      conv({ filters: 2, strides: 2, padding: 'same', activation: 'relu' }),
      conv({ filters: 3, kernel_size: 2 }),
    ],
  },
  {
    title: 'behind a pool of its relu',
    input: [9, 9, 2],
    layers: [
      conv({ filters: 5, activation: 'relu' }),
      ['MaxPooling2D'],
      conv({ filters: 4, padding: 'same', activation: 'relu' }),
      ['MaxPooling2D'],
      ['Flatten'],
      ['Dense', { units: 3 }],
    ],
  },
  {
    title: 'behind relu layers and average pools',
    input: [8, 8, 2],
    layers: [conv({}), ['Activation', { activation: 'relu' }], ['AveragePooling2D'], conv({ padding: 'same' })],
  },
  {
    title: 'with borders of different width for its two readers',
    input: [6, 6, 2],
    layers: [
      conv({ padding: 'same', activation: 'relu' }),
      conv({ padding: 'same', kernel_size: 5 }),
      ['Conv2D', { filters: 3, kernel_size: 2, padding: 'same' }, ['conv2d_0']],
      ['Add', {}, ['conv2d_1', 'conv2d_2']],
    ],
  },
];
