// depthwise.ts: small models around DepthwiseConv2D and SeparableConv2D at odd sizes. No expected results.
import type { LayerCase, Node } from '../layer.ts';

/** Makes the gradient of its own output visible, in its kernel. */
const before = (filters: number): Node => ['Conv2D', { filters, kernel_size: 1 }];
const configs: readonly (readonly [title: string, config: object, input?: readonly number[]])[] = [
  ['kernel 3, valid', {}],
  ['kernel 3, same', { padding: 'same' }],
  ['kernel 1', { kernel_size: 1 }],
  ['kernel 5, same', { kernel_size: 5, padding: 'same' }],
  ['kernel 7 x 8, 56 taps, same', { kernel_size: [7, 8], padding: 'same' }],
  ['kernel 2 x 3, same', { kernel_size: [2, 3], padding: 'same' }],
  ['stride 2, same', { strides: 2, padding: 'same' }],
  ['stride 2, valid', { strides: 2 }],
  ['stride 1 x 3, kernel 2, same', { strides: [1, 3], kernel_size: 2, padding: 'same' }],
  ['stride 3, kernel 2: pixels that no window sees', { strides: 3, kernel_size: 2 }],
  ['dilation 2, same', { dilation_rate: 2, padding: 'same' }, [9, 8, 2]],
  ['dilation 1 x 2, valid', { dilation_rate: [1, 2] }, [9, 8, 2]],
  ['no bias, relu', { use_bias: false, activation: 'relu' }],
  ['tanh', { activation: 'tanh' }],
  ['two kernels a channel', { depth_multiplier: 2, padding: 'same', activation: 'relu' }],
];

const casesOf = (className: string, options: object): readonly LayerCase[] => [
  ...configs.map(
    ([title, config, input = [7, 6, 2]]): LayerCase => ({
      title,
      input,
      layers: [before(5), [className, { kernel_size: 3, ...options, ...config }]],
    }),
  ),
  ...[1, 3, 8, 17, 33].map(
    (channels): LayerCase => ({
      title: `${channels} channels`,
      input: [5, 4, 2],
      layers: [before(channels), [className, { kernel_size: 3, padding: 'same', activation: 'relu', ...options }]],
      shares: [9, 8],
    }),
  ),
  {
    title: 'between borders of zeros and a pool, several micro-shards',
    input: [9, 8, 2],
    layers: [
      ['Conv2D', { filters: 6, kernel_size: 3, padding: 'same', activation: 'relu' }],
      [className, { kernel_size: 3, padding: 'same', activation: 'relu', ...options }],
      ['MaxPooling2D'],
      [className, { kernel_size: 3, padding: 'same', strides: 2, ...options }],
      ['Flatten'],
      ['Dense', { units: 3 }],
    ],
    shares: [3, 3, 2],
  },
];

export const depthwiseConv2dCases: readonly LayerCase[] = casesOf('DepthwiseConv2D', {});
export const separableConv2dCases: readonly LayerCase[] = casesOf('SeparableConv2D', { filters: 4 });
