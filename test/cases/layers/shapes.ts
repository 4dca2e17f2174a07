// shapes.ts: small models that give values another shape or place, and EinsumDense. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv: Node = ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }];

export const reshapeCases: readonly LayerCase[] = [
  {
    title: 'images to a sequence and back',
    input: [4, 5, 2],
    layers: [
      conv,
      ['Reshape', { target_shape: [-1, 3] }],
      ['Dense', { units: 4 }],
      ['Reshape', { target_shape: [5, 2, 8] }],
      conv,
    ],
    shares: [3, 2],
  },
  {
    title: 'a row to an image',
    input: [5],
    layers: [['Dense', { units: 12 }], ['Reshape', { target_shape: [2, null, 3] }], conv],
  },
];

export const permuteCases: readonly LayerCase[] = [
  ...[
    [2, 1, 3],
    [3, 1, 2],
    [1, 3, 2],
  ].map(
    (dims): LayerCase => ({
      title: `images by ${dims}`,
      input: [4, 5, 2],
      layers: [conv, ['Permute', { dims }], conv],
      shares: [3, 2],
    }),
  ),
  {
    title: 'four axes',
    input: [24],
    layers: [
      ['Dense', { units: 24 }],
      ['Reshape', { target_shape: [2, 3, 1, 4] }],
      ['Permute', { dims: [4, 2, 3, 1] }],
      ['Dense', { units: 3 }],
    ],
  },
  {
    title: 'steps',
    input: [7, 3],
    layers: [
      ['Dense', { units: 5 }],
      ['Permute', { dims: [2, 1] }],
      ['Dense', { units: 2 }],
    ],
  },
];

export const repeatVectorCases: readonly LayerCase[] = [
  {
    title: 'five times',
    input: [3],
    layers: [
      ['Dense', { units: 7 }],
      ['RepeatVector', { n: 5 }],
      ['Dense', { units: 2 }],
    ],
    shares: [9, 8],
  },
];

const einsum = (
  equation: string,
  output_shape: readonly (number | null)[],
  bias_axes: string | null,
  more = {},
): Node => ['EinsumDense', { equation, output_shape, bias_axes, ...more }];
export const einsumDenseCases: readonly LayerCase[] = [
  {
    title: 'rows',
    input: [5],
    layers: [einsum('ab,bc->ac', [7], 'c', { activation: 'relu' }), einsum('ab,bc->ac', [3], null)],
  },
  {
    title: 'features to heads and back, as attention has them',
    input: [5, 6],
    layers: [einsum('abc,cde->abde', [null, 2, 3], 'de'), einsum('abde,dec->abc', [5, 4], 'c', { activation: 'gelu' })],
    shares: [9, 8],
  },
  {
    title: 'an ellipsis over images between convolutions with borders',
    input: [4, 5, 2],
    layers: [conv, einsum('...x,xy->...y', [4], 'y', { activation: 'tanh' }), conv],
  },
  {
    title: 'an ellipsis before a letter that stays',
    input: [4, 3, 5],
    layers: [einsum('...ab,bcd->...acd', [null, 2, 6], null), einsum('...cd,cde->...e', [4], 'e')],
  },
];
