// attention.ts: small models with MultiHeadAttention and Masking: self and cross, causal, padding, draws. No expected results.
import type { LayerCase } from '../layer.ts';

export const multiHeadAttentionCases: readonly LayerCase[] = [
  {
    title: 'of a sequence to itself',
    input: [5, 6],
    layers: [
      ['Dense', { units: 4 }],
      ['MultiHeadAttention', { num_heads: 2, key_dim: 3 }, ['dense_0', 'dense_0']],
    ],
  },
  {
    title: 'causal, with a value wider than the key, another width out and draws',
    input: [7, 3],
    layers: [
      ['Dense', { units: 5 }],
      [
        'MultiHeadAttention',
        { num_heads: 3, key_dim: 2, value_dim: 5, output_shape: 4, dropout: 0.3, use_causal_mask: true },
        ['dense_0', 'dense_0', 'dense_0'],
      ],
      ['Dense', { units: 2 }],
    ],
    shares: [2, 2, 1],
  },
  {
    title: 'of queries, keys and values of three lengths and widths, without a bias',
    input: [6, 4],
    layers: [
      ['Dense', { units: 5 }, ['input']],
      ['MaxPooling1D', { pool_size: 2 }, ['input']],
      ['Dense', { units: 3 }],
      ['MultiHeadAttention', { num_heads: 2, key_dim: 4, use_bias: false }, ['dense_0', 'maxpooling1d_1', 'dense_2']],
    ],
  },
  {
    title: 'of a padded sequence, and the mean over its words',
    input: [7],
    ids: 3,
    layers: [
      ['Embedding', { input_dim: 3, output_dim: 6, mask_zero: true }],
      ['Dense', { units: 6, activation: 'tanh' }],
      ['MultiHeadAttention', { num_heads: 2, key_dim: 3, use_causal_mask: true }, ['dense_1', 'dense_1']],
      ['Add', {}, ['multiheadattention_2', 'dense_1']],
      ['GlobalAveragePooling1D'],
      ['Dense', { units: 3 }],
    ],
    shares: [3, 2],
  },
];

export const maskingCases: readonly LayerCase[] = [
  {
    title: 'of places that relu left empty, before attention and a mean',
    input: [6, 3],
    layers: [
      ['Dense', { units: 2, activation: 'relu' }],
      ['Masking'],
      ['MultiHeadAttention', { num_heads: 1, key_dim: 2 }, ['masking_1', 'masking_1']],
      ['GlobalAveragePooling1D'],
    ],
    shares: [3, 3],
  },
];
