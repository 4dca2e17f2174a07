// up-sampling.ts: small models with UpSampling2D and UpSampling1D. No expected results.
import type { LayerCase } from '../layer.ts';

export const upSampling2dCases: readonly LayerCase[] = [
  ...[2, [1, 3], [3, 2]].flatMap((size) =>
    ['nearest', 'bilinear'].map(
      (interpolation): LayerCase => ({
        title: `${interpolation}, size ${size}`,
        input: [4, 3, 2],
        layers: [
          ['Conv2D', { filters: 5, kernel_size: 2, padding: 'same', activation: 'relu' }],
          ['UpSampling2D', { size, interpolation }],
          ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }],
        ],
      }),
    ),
  ),
  {
    title: 'of 17 channels, twice in a row',
    input: [2, 3, 2],
    layers: [
      ['Conv2D', { filters: 17, kernel_size: 1 }],
      ['UpSampling2D'],
      ['UpSampling2D', { interpolation: 'bilinear' }],
    ],
    shares: [9, 8],
  },
  {
    title: 'bilinear, of one pixel',
    input: [1, 1, 2],
    layers: [
      ['Conv2D', { filters: 3, kernel_size: 1 }],
      ['UpSampling2D', { size: 3, interpolation: 'bilinear' }],
    ],
  },
];

export const upSampling1dCases: readonly LayerCase[] = [2, 3].map((size) => ({
  title: `size ${size}`,
  input: [4, 3],
  layers: [
    ['Dense', { units: 5 }],
    ['UpSampling1D', { size }],
    ['Dense', { units: 2 }],
  ],
}));
