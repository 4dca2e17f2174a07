// layer-scale.ts: small models in which channels are scaled. No expected results.
import type { LayerCase } from '../layer.ts';

export const layerScaleCases: readonly LayerCase[] = [
  {
    title: 'of an image between convolutions with a border',
    input: [5, 4, 3],
    layers: [
      ['Conv2D', { filters: 17, kernel_size: 3, padding: 'same' }],
      ['LayerScale', { init_values: 0.5, projection_dim: 17 }],
      ['Conv2D', { filters: 2, kernel_size: 3, padding: 'same' }],
    ],
  },
  { title: 'of a row', input: [6], layers: [['Dense', { units: 5 }], ['LayerScale']], shares: [9, 8] },
];
