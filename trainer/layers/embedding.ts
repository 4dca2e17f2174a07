// embedding.ts: rows of a learned table by number. Its gradient and update are dense: every row of the table, used or not.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import { maskOf } from '../masks.ts';
import { regularizer } from '../regularizers.ts';
import { hasHalo } from '../tensor.ts';
import { base, off, weight } from './common.ts';
import type { LayerKind } from './kind.ts';

/** Ids are whole numbers in f32, which is exact up to here. */
const MOST_ROWS = 2 ** 24;

const config = strict({
  ...base,
  input_dim: z.int().positive().max(MOST_ROWS),
  output_dim: z.int().positive(),
  embeddings_initializer: initializerSchema('random_uniform'),
  embeddings_regularizer: regularizer,
  activity_regularizer: off,
  embeddings_constraint: constraint,
  mask_zero: z.boolean().nullable().default(false), // tfjs writes null
  input_length: z.int().positive().nullable().default(null),
  lora_rank: off,
  quantization_config: off,
}).transform(({ input_length: _, ...c }) => ({ ...c, mask_zero: c.mask_zero ?? false })); // the length is what Keras 2 wrote, and nobody needs
export type EmbeddingConfig = z.infer<typeof config>;

export const embedding: LayerKind<EmbeddingConfig> = {
  className: 'Embedding',
  config,
  arity: [1, 1],
  shape: (c, inputs) => ({ shape: [...inputs[0]!.shape, c.output_dim] }),
  weights: (c) => [weight(c, 'embeddings', [c.input_dim, c.output_dim])],
  emit(c, f) {
    const { build } = f;
    const { input_dim: V, output_dim: E } = c;
    const ids = build.compact(f.inputs[0]!); // (m) whole numbers as f32
    const m = ids.imageStride;
    const y = f.output(); // (m, E)
    const rows = hasHalo(y.halo) ? build.tensor(y.shape) : y;
    build.call('embedding', { ids: build.at(ids), table: f.weight('embeddings'), y: build.at(rows) }, { m, V, E }, {});
    if (rows !== y) build.copy(rows, y);
    return {
      output: y,
      ...(c.mask_zero ? { mask: maskOf(build, ids, m, 0) } : {}),
      backward(g) {
        const starts = { buffer: build.buffer(4 * (V + 1)), at: 0 };
        const order = { buffer: build.buffer(4 * build.rows * m), at: 0 };
        build.call('embedding_order', { ids: build.at(ids), starts, order }, { m, V }, {}, { independent: true });
        const operands = { dy: build.at(build.compact(g.dY)), starts, order, out: g.gradient('embeddings') };
        build.call('embedding_backward', operands, { m, V, E }, {});
      },
    };
  },
};
