// rows.ts: small models with layers that normalise rows, or groups of channels. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (filters = 5, use_bias = true): Node => ['Conv2D', { filters, kernel_size: 3, padding: 'same', use_bias }];

const rows = (className: string, wider: boolean): readonly LayerCase[] => [
  ...[2, 4, 17, 33].map(
    (units): LayerCase => ({
      title: `${units} features`,
      input: [6],
      layers: [['Dense', { units }], [className], ['Dense', { units: 3 }]],
      shares: [9, 8],
    }),
  ),
  { title: 'steps', input: [7, 5], layers: [['Dense', { units: 6 }], [className], ['Dense', { units: 2 }]] },
  { title: 'between convolutions with borders', input: [4, 3, 2], layers: [conv(), [className], conv(2)] },
  ...(wider
    ? [
        {
          title: 'the last two axes',
          input: [4, 3, 2],
          layers: [conv(), [className, { axis: [-2, 3] }], conv(2)] as const,
        },
      ]
    : []),
];

export const layerNormalizationCases: readonly LayerCase[] = [
  ...rows('LayerNormalization', true),
  {
    title: 'no gamma, a larger epsilon',
    input: [5],
    layers: [
      ['Dense', { units: 7 }],
      ['LayerNormalization', { scale: false, epsilon: 0.1 }],
      ['Dense', { units: 2 }],
    ],
  },
  {
    title: 'neither gamma nor beta, in a residual',
    input: [5, 4],
    layers: [
      ['Dense', { units: 7 }],
      ['LayerNormalization', { scale: false, center: false }],
      ['Dense', { units: 7, activation: 'gelu' }],
      ['Add', {}, ['dense_0', 'dense_2']],
    ],
  },
];
export const rmsNormalizationCases = rows('RMSNormalization', false);
export const unitNormalizationCases = rows('UnitNormalization', true);

export const groupNormalizationCases: readonly LayerCase[] = [
  ...(
    [
      [4, 2],
      [6, 1],
      [6, 6],
      [17, -1],
      [36, 4],
    ] as const
  ).map(
    ([filters, groups]): LayerCase => ({
      title: `${filters} channels, groups ${groups}`,
      input: [4, 5, 2],
      // a bias would have no gradient where each channel is a group
      layers: [conv(filters, false), ['GroupNormalization', { groups }], conv(2)],
      shares: [3, 2],
    }),
  ),
  {
    title: 'rows',
    input: [5],
    layers: [
      ['Dense', { units: 12 }],
      ['GroupNormalization', { groups: 3 }],
      ['Dense', { units: 2 }],
    ],
  },
  {
    title: 'steps, no gamma',
    input: [7, 3],
    layers: [
      ['Dense', { units: 8 }],
      ['GroupNormalization', { groups: 2, scale: false }],
      ['Dense', { units: 2 }],
    ],
  },
  {
    title: 'no beta',
    input: [3, 3, 2],
    layers: [
      conv(4),
      ['GroupNormalization', { groups: 2, center: false, axis: [3] }],
      ['Flatten'],
      ['Dense', { units: 2 }],
    ],
  },
];
