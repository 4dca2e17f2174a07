// conv2d-transpose.ts: small models around Conv2DTranspose at odd sizes. No expected results.
import type { LayerCase } from '../layer.ts';

const configs = ([1, 2, [1, 3]] as const).flatMap((strides) =>
  ([1, 2, 3, [4, 2]] as const).flatMap((kernel_size) =>
    (['valid', 'same'] as const).map((padding) => ({ strides, kernel_size, padding })),
  ),
);
const more: readonly object[] = [
  { strides: 2, output_padding: 1 },
  { strides: 2, output_padding: 0, padding: 'same' },
  { strides: 2, output_padding: 1, padding: 'same' },
  { strides: 3, output_padding: [1, 2], kernel_size: 4, padding: 'same' },
  { strides: 2, output_padding: 0, kernel_size: 4, padding: 'same' },
  { dilation_rate: 2, padding: 'same' },
  { dilation_rate: [1, 2] },
  { use_bias: false },
];

export const conv2dTransposeCases: readonly LayerCase[] = [
  ...[...configs, ...more].map(
    (config): LayerCase => ({
      title: JSON.stringify(config),
      input: [4, 3, 2],
      layers: [
        ['Conv2D', { filters: 5, kernel_size: 1, activation: 'relu' }],
        ['Conv2DTranspose', { filters: 3, kernel_size: 3, activation: 'relu', ...config }],
      ],
    }),
  ),
  ...[1, 16, 19].flatMap((channels) =>
    [2, 17].map(
      (filters): LayerCase => ({
        title: `${channels} channels, ${filters} filters`,
        input: [5, 4, 2],
        layers: [
          ['Conv2D', { filters: channels, kernel_size: 3, padding: 'same' }],
          ['Conv2DTranspose', { filters, kernel_size: 3, strides: 2, padding: 'same', activation: 'tanh' }],
          ['Conv2D', { filters: 2, kernel_size: 3, padding: 'same' }],
        ],
        shares: [9, 8],
      }),
    ),
  ),
];
