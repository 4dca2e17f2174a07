// pooling1d.ts: small models with pooling along steps. No expected results.
import type { LayerCase } from '../layer.ts';

const configs: readonly (readonly [title: string, config: object])[] = [
  ['2', {}],
  ['3, stride 2', { pool_size: 3, strides: [2] }],
  ['3, stride 2, same', { pool_size: 3, strides: 2, padding: 'same' }],
  ['[2], same, over the edge', { pool_size: [2], padding: 'same' }],
];

export const pooling1dCases = (className: string): readonly LayerCase[] =>
  configs.flatMap(([title, config]): LayerCase[] => [
    {
      title,
      input: [7, 3],
      layers: [
        ['Dense', { units: 5 }],
        [className, config],
      ],
    },
    {
      title: `${title}, behind a fused relu`,
      input: [7, 3],
      layers: [['Dense', { units: 17, activation: 'relu' }], [className, config], ['Flatten'], ['Dense', { units: 2 }]],
      shares: [9, 8],
    },
  ]);
