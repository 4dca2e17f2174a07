// position-embedding.ts: a learned row for each place in a sequence, the same for all samples, as keras_hub has it: to be added to the
// values. It reads nothing of its input but the length.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { base, parameter, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({
  ...base,
  sequence_length: z.int().positive(),
  initializer: initializerSchema('glorot_uniform'),
});
export type PositionEmbeddingConfig = z.infer<typeof config>;

export const positionEmbedding: LayerKind<PositionEmbeddingConfig> = {
  className: 'PositionEmbedding',
  ours: true,
  config,
  arity: [1, 1],
  passesMask: true,
  shape({ name, sequence_length }, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length !== 2 || shape[0]! > sequence_length)
      throw shapeError(name, inputs, `(places, features), at most ${sequence_length} places`, 'Raise sequence_length.');
    return inputs[0]!;
  },
  weights: (c, inputs) => [parameter('position_embeddings', [c.sequence_length, inputs[0]!.shape[1]!], c.initializer)],
  emit(c, f) {
    const { build } = f;
    const [T, E] = f.spec.shape as [number, number];
    const y = f.output(); // (T, E)
    const embeddings = f.weight('position_embeddings');
    const oneForAll = { H: 1, L: T * E, xImage: 0, xRow: T * E, yImage: T * E, yRow: T * E };
    build.call('copy', { x: embeddings, y: build.at(y) }, oneForAll, {});
    return {
      output: y,
      backward(g) {
        const out = g.gradient('position_embeddings');
        if (c.sequence_length === T) {
          const view = { H: 1, W: 1, C: T * E, dyImage: T * E, dyRow: T * E };
          build.call('bias_gradient', { dy: build.at(g.dY), out }, view, {});
          return;
        }
        // places that no sample has get a gradient too: zero
        const S = c.sequence_length;
        const padded = build.tensor([S, E]);
        const sizes = { H: 1, L: T * E, xImage: T * E, xRow: T * E, yImage: S * E, yRow: S * E };
        build.call('copy', { x: build.at(g.dY), y: build.at(padded) }, sizes, {});
        const rest = { H: 0, L: (S - T) * E, top: 0, bottom: 1, left: 0, right: 0, yImage: S * E, yRow: S * E };
        build.call('clear_halo', { y: build.at(padded, T * E) }, rest, {}, { independent: true });
        const view = { H: 1, W: 1, C: S * E, dyImage: S * E, dyRow: S * E };
        build.call('bias_gradient', { dy: build.at(padded), out }, view, {});
      },
    };
  },
};
