// chance.ts: small models with layers that draw, and with layers of fixed numbers and sizes. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (config: object = {}): Node => ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', ...config }];

/** On rows, and on images between convolutions with borders. */
const both = (node: Node): readonly LayerCase[] => [
  { title: 'rows', input: [5], layers: [['Dense', { units: 9 }], node, ['Dense', { units: 3 }]], shares: [9, 8] },
  { title: 'images', input: [4, 5, 2], layers: [conv(), node, conv({ filters: 2 })], shares: [3, 2] },
];
const images = (title: string, node: Node, input = [7, 6, 2]): LayerCase => ({
  title,
  input,
  layers: [conv({ activation: 'relu' }), node, conv({ filters: 2 })],
  shares: [3, 2],
});

export const dropoutShapeCases: readonly LayerCase[] = [
  images('one draw for all channels', ['Dropout', { rate: 0.5, noise_shape: [null, null, null, 1] }]),
  images('one draw a sample, as EfficientNet has it', ['Dropout', { rate: 0.25, noise_shape: [null, 1, 1, 1] }]),
];
export const dropPathCases = both(['DropPath', { rate: 0.5 }]);
export const stochasticDepthCases: readonly LayerCase[] = [
  {
    title: 'a residual branch',
    input: [5],
    layers: [
      ['Dense', { units: 9 }],
      ['Dense', { units: 9, activation: 'gelu' }],
      ['StochasticDepth', { drop_path_rate: 0.5 }],
      ['Add', {}, ['dense_0', 'stochasticdepth_2']],
      ['Dense', { units: 2 }],
    ],
    shares: [9, 8],
  },
];
export const spatialDropout1dCases: readonly LayerCase[] = [
  {
    title: 'steps',
    input: [7, 3],
    layers: [
      ['Dense', { units: 9 }],
      ['SpatialDropout1D', { rate: 0.5 }],
      ['Dense', { units: 2 }],
    ],
    shares: [9, 8],
  },
];
export const spatialDropout2dCases = [images('images', ['SpatialDropout2D', { rate: 0.5 }])];
export const gaussianNoiseCases = both(['GaussianNoise', { stddev: 0.5 }]);
export const gaussianDropoutCases = both(['GaussianDropout', { rate: 0.3 }]);
export const identityCases = both(['Identity']);
export const rescalingCases: readonly LayerCase[] = [
  ...both(['Rescaling', { scale: 0.5, offset: -1 }]),
  images('numbers of each channel', ['Rescaling', { scale: [0.5, 2, 3], offset: [[[1, 0, -1]]] }]),
];
export const normalizationCases: readonly LayerCase[] = [
  ...both(['Normalization', { mean: 0.5, variance: 4 }]),
  images('numbers of each channel', ['Normalization', { axis: [-1], mean: [0.5, 0.25, 0], variance: [1, 2, 0.5] }]),
  images('inverted', ['Normalization', { mean: [0.5, 0.25, 0], variance: [[1, 2, 0.5]], invert: true }]),
];
export const resizingCases: readonly LayerCase[] = ['nearest', 'bilinear'].flatMap((interpolation) => [
  images(`${interpolation}, larger`, ['Resizing', { height: 9, width: 11, interpolation }], [5, 4, 2]),
  images(`${interpolation}, smaller`, ['Resizing', { height: 3, width: 5, interpolation }]),
]);
export const centerCropCases = [images('even and odd', ['CenterCrop', { height: 4, width: 4 }], [8, 7, 2])];

const steps = (title: string, className: string, config: object): LayerCase => ({
  title,
  input: [9, 3],
  layers: [
    ['Dense', { units: 4 }],
    [className, config],
    ['Dense', { units: 2 }],
  ],
  shares: [3, 2],
});
export const depthwiseConv1dCases = [
  steps('same', 'DepthwiseConv1D', { kernel_size: 3, padding: 'same', activation: 'relu' }),
  steps('strides, two a channel', 'DepthwiseConv1D', { kernel_size: 2, strides: 2, depth_multiplier: 2 }),
];
export const separableConv1dCases = [
  steps('same', 'SeparableConv1D', { filters: 5, kernel_size: 3, padding: 'same', activation: 'tanh' }),
  steps('dilated', 'SeparableConv1D', { filters: 3, kernel_size: [2], dilation_rate: 2, use_bias: false }),
];
export const conv1dTransposeCases = [
  steps('strides', 'Conv1DTranspose', { filters: 5, kernel_size: 3, strides: 2, padding: 'same' }),
  steps('valid', 'Conv1DTranspose', { filters: 3, kernel_size: 2, activation: 'relu' }),
];
export const softmaxAxisCases: readonly LayerCase[] = [
  images('over rows', ['Softmax', { axis: 1 }]),
  images('over columns', ['Softmax', { axis: -2 }]),
  {
    title: 'over steps',
    input: [7, 3],
    layers: [
      ['Dense', { units: 5, use_bias: false }],
      ['Softmax', { axis: 1 }],
      ['Dense', { units: 2 }],
    ],
  },
];
