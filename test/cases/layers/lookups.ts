// lookups.ts: small models with embeddings of ids and positions, and with a class token. No expected results.
import type { LayerCase } from '../layer.ts';

export const embeddingCases: readonly LayerCase[] = [
  { title: 'one id', input: [1], ids: 5, layers: [['Embedding', { input_dim: 5, output_dim: 3 }]] },
  {
    title: 'sequences, more rows than a tile, some never used',
    input: [7],
    ids: 70,
    layers: [
      ['Embedding', { input_dim: 71, output_dim: 18 }],
      ['Dense', { units: 3, activation: 'gelu' }],
    ],
    shares: [9, 8, 8],
  },
  {
    title: 'images of ids before a convolution with a border',
    input: [4, 3],
    ids: 6,
    layers: [
      ['Embedding', { input_dim: 6, output_dim: 2 }],
      ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same' }],
    ],
    shares: [3, 2],
  },
];

const sequence = (config: object): LayerCase['layers'] => [
  ['Embedding', { input_dim: 9, output_dim: 5 }],
  ['PositionEmbedding', config],
  ['Add', {}, ['embedding_0', 'positionembedding_1']],
  ['Dense', { units: 2 }],
];
export const positionEmbeddingCases: readonly LayerCase[] = [
  { title: 'as long as the sequence', input: [6], ids: 9, layers: sequence({ sequence_length: 6 }) },
  { title: 'longer than the sequence', input: [6], ids: 9, layers: sequence({ sequence_length: 11 }), shares: [9, 8] },
];

export const classTokenCases: readonly LayerCase[] = [
  { title: 'of the input', input: [3, 5], layers: [['ClassToken'], ['Dense', { units: 4 }]] },
  {
    title: 'before what a Dense layer made',
    input: [6, 3],
    layers: [
      ['Dense', { units: 5, activation: 'relu' }],
      ['ClassToken'],
      ['Dense', { units: 4 }],
      ['Flatten'],
      ['Dense', { units: 2 }],
    ],
    shares: [9, 8],
  },
];
