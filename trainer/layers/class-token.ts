// class-token.ts: puts one learned row before a sequence: what a vision transformer reads its answer from. Not positions (position-embedding.ts).
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { base, parameter, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

/** Shoal's own layer: Keras has none. keras_hub's models name the weight so. */
const config = strict({ ...base, initializer: initializerSchema('random_normal') });
export type ClassTokenConfig = z.infer<typeof config>;

export const classToken: LayerKind<ClassTokenConfig> = {
  className: 'ClassToken',
  ours: true,
  config,
  arity: [1, 1],
  shape({ name }, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length !== 2) throw shapeError(name, inputs, '(places, features)', 'Reshape it to a sequence.');
    return { shape: [shape[0]! + 1, shape[1]!] };
  },
  weights: (c, inputs) => [parameter('class_token', [1, 1, inputs[0]!.shape[1]!], c.initializer)],
  emit(_, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (T, E)
    const y = f.output(); // (T + 1, E)
    const E = x.shape[1]!;
    const [short, long] = [x.imageStride, y.imageStride];
    const first = { H: 1, L: E, xImage: 0, xRow: E, yImage: long, yRow: E };
    build.call('copy', { x: f.weight('class_token'), y: build.at(y) }, first, {});
    const rest = { H: 1, L: short, xImage: short, xRow: short, yImage: long, yRow: short };
    build.call('copy', { x: build.at(x), y: build.at(y, E) }, rest, {}, { independent: true });
    return {
      output: y,
      backward(g) {
        const view = { H: 1, W: 1, C: E, dyImage: long, dyRow: E };
        build.call('bias_gradient', { dy: build.at(g.dY), out: g.gradient('class_token') }, view, {});
        if (!g.wants(0)) return;
        const back = { H: 1, L: short, xImage: long, xRow: short, yImage: short, yRow: short };
        build.call('copy', { x: build.at(g.dY, E), y: build.at(g.dInput(0)) }, back, {}, { independent: true });
      },
    };
  },
};
