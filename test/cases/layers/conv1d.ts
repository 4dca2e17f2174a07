// conv1d.ts: small models around Conv1D at odd sizes. No expected results.
import type { LayerCase } from '../layer.ts';

const configs: readonly object[] = [
  {},
  { padding: 'same' },
  { padding: 'causal' },
  { padding: 'causal', dilation_rate: 2 },
  { padding: 'causal', strides: 2 },
  { padding: 'same', strides: [2], kernel_size: [4] },
  { strides: 3 },
  { padding: 'same', dilation_rate: 3 },
  { groups: 5, filters: 10 },
  { kernel_size: 1, use_bias: false },
];

export const conv1dCases: readonly LayerCase[] = [
  ...configs.map(
    (config): LayerCase => ({
      title: JSON.stringify(config),
      input: [9, 2],
      layers: [
        ['Dense', { units: 5, activation: 'relu' }],
        ['Conv1D', { filters: 3, kernel_size: 3, activation: 'relu', ...config }],
        ['Conv1D', { filters: 2, kernel_size: 2, padding: 'same' }],
      ],
    }),
  ),
  ...['tanh', 'softmax'].map(
    (activation): LayerCase => ({
      title: `${activation}, several micro-shards`,
      input: [7, 17],
      layers: [
        ['Conv1D', { filters: 18, kernel_size: 3, activation }],
        ['Conv1D', { filters: 3, kernel_size: 3, padding: 'causal', activation }],
      ],
      shares: [9, 8],
    }),
  ),
];
