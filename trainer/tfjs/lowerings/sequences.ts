// sequences.ts: embeddings, tokens and attention in ops of tfjs. Masks of places are not lowered: index.ts refuses what makes them.
import type { EmbeddingConfig } from '../../layers/embedding.ts';
import type { MultiHeadAttentionConfig } from '../../layers/multi-head-attention.ts';
import { type Lowered, type Lowering, lowering } from '../kind.ts';
import type { Tensor, Tensor2D } from '../tf.ts';
import { project } from './dense.ts';

export const embedding = lowering<EmbeddingConfig>((_, { tf, inputs, weight }) =>
  tf.gather(weight('embeddings'), tf.cast(inputs[0]!, 'int32')),
);

/** A row for each place. (rows, T, E) */
export const positionEmbedding: Lowering<never> = (_, { tf, inputs, spec, weight }) => {
  const rows = inputs[0]!.shape[0]!;
  const [T, E] = spec.shape as [number, number];
  const places = tf.slice(weight('position_embeddings') as Tensor2D, [0, 0], [T, E]);
  return tf.tile(tf.expandDims(places, 0), [rows, 1, 1]);
};

export const classToken: Lowering<never> = (_, { tf, inputs, weight }) => {
  const x = inputs[0]!;
  return tf.concat([tf.tile(weight('class_token'), [x.shape[0]!, 1, 1]), x], 1);
};

/** (rows, places, heads x width) -> (rows, heads, places, width) */
function byHead({ tf }: Lowered, x: Tensor, heads: number): Tensor {
  const [rows, places, all] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [rows, places, heads, all / heads]), [0, 2, 1, 3]);
}

export const multiHeadAttention = lowering<MultiHeadAttentionConfig>((c, l) => {
  const { tf, inputs } = l;
  const [query, value, key = value] = inputs as [Tensor, Tensor, Tensor?];
  const H = c.num_heads;
  const projected = (part: string, x: Tensor): Tensor => {
    const y = project(l, x, l.weight(`${part}_kernel`));
    return c.use_bias ? tf.add(y, tf.reshape(l.weight(`${part}_bias`), [-1])) : y;
  };
  const [q, k, v] = [projected('query', query), projected('key', key), projected('value', value)].map((x) =>
    byHead(l, x, H),
  ) as [Tensor, Tensor, Tensor];
  const [rows, , T] = q.shape as [number, number, number];
  const S = k.shape[2]!;
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(c.key_dim)); // (rows, H, T, S)
  const open = c.use_causal_mask ? tf.add(scores, later(l, T, S)) : scores;
  const shares = tf.softmax(open);
  const kept =
    l.training && c.dropout > 0 ? tf.mul(shares, l.kept(c.dropout, [H, T, S], Math.ceil(S / 32) * 32)) : shares;
  const together = tf.transpose(tf.matMul(kept, v), [0, 2, 1, 3]); // (rows, T, H, E)
  const y = project(l, tf.reshape(together, [rows, T, -1]), l.weight('attention_output_kernel'));
  return c.use_bias ? tf.add(y, l.weight('attention_output_bias')) : y;
});

/** What keeps a query from keys behind it: a number so low that its share is 0. (T, S) */
function later({ tf }: Lowered, T: number, S: number): Tensor {
  const values = Float32Array.from({ length: T * S }, (_, i) => (i % S > Math.floor(i / S) ? -1e30 : 0));
  return tf.tensor2d(values, [T, S]);
}
