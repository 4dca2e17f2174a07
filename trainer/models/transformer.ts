// transformer.ts: the blocks that transformers are made of, as layers of a graph. Not a model.
import { z } from 'zod';
import type { Graph, Value } from './graph.ts';

const size = z.int().positive();

/** Sizes that every transformer has. */
export const transformerSizes = (width: number, depth: number, heads: number, inner: number, dropout: number) => ({
  /** Features of a place. */
  width: size.default(width),
  /** Blocks. */
  depth: size.default(depth),
  heads: size.default(heads),
  /** Features between a block's two Dense layers. */
  inner: size.default(inner),
  dropout: z.number().min(0).lt(1).default(dropout),
});

export interface Block {
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly dropout: number;
  readonly epsilon: number;
  /** Normalise before each half ("pre", ViT and GPT) or behind it ("post", BERT). */
  readonly norm: 'pre' | 'post';
  readonly activation: 'gelu' | 'relu';
  readonly causal: boolean;
}

const dropped = (g: Graph, name: string, rate: number, x: Value): Value =>
  rate === 0 ? x : g.layer('Dropout', name, { rate }, x);

/**
 * Attention of the places to each other, then two Dense layers at each place; both are added to what they were given. Layers have
 * timm's names below the block's: "blocks.0.attn", "blocks.0.mlp.fc1".
 */
export function block(g: Graph, name: string, b: Block, x: Value): Value {
  const half = (n: 1 | 2, value: Value, of: (value: Value) => Value): Value => {
    const norm = (of: Value) => g.layer('LayerNormalization', `${name}.norm${n}`, { epsilon: b.epsilon }, of);
    const result = of(b.norm === 'pre' ? norm(value) : value);
    const sum = g.layer('Add', `${name}.add${n}`, {}, value, dropped(g, `${name}.drop${n}`, b.dropout, result));
    return b.norm === 'post' ? norm(sum) : sum;
  };
  const attended = half(1, x, (value) => {
    const config = { num_heads: b.heads, key_dim: b.width / b.heads, dropout: b.dropout, use_causal_mask: b.causal };
    return g.layer('MultiHeadAttention', `${name}.attn`, config, value, value);
  });
  return half(2, attended, (value) => {
    const inner = g.layer('Dense', `${name}.mlp.fc1`, { units: b.inner, activation: b.activation }, value);
    return g.layer('Dense', `${name}.mlp.fc2`, { units: b.width }, inner);
  });
}

/** Vectors of ids (length) plus those of their places. */
export function embedded(
  g: Graph,
  { vocabulary, length, width, dropout }: { vocabulary: number; length: number; width: number; dropout: number },
  ids: Value,
  masked = false,
): Value {
  const table = { input_dim: vocabulary, output_dim: width, mask_zero: masked, embeddings_initializer: NORMAL };
  const words = g.layer('Embedding', 'words', table, ids);
  const places = g.layer('PositionEmbedding', 'places', { sequence_length: length, initializer: NORMAL }, words);
  return dropped(g, 'embedded_dropout', dropout, g.layer('Add', 'embedded', {}, words, places));
}

/** How transformers begin their tables. */
export const NORMAL = { class_name: 'TruncatedNormal', config: { stddev: 0.02 } };
