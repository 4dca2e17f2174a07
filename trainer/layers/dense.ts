// dense.ts: y = activation(x W + b) over the last axis. Not an embedding.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { hasHalo } from '../tensor.ts';
import { activated, fusedActivation } from './activate.ts';
import { activation, base, off, shapeError, weight, weighted } from './common.ts';
import type { LayerKind } from './kind.ts';
import { project, projectBack, projectWeights } from './project.ts';

const config = strict({
  ...base,
  units: z.int().positive(),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
  quantization_config: off,
});
export type DenseConfig = z.infer<typeof config>;

export const dense: LayerKind<DenseConfig> = {
  className: 'Dense',
  config,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length === 0)
      throw shapeError(c.name, inputs, 'at least one axis: (features)', 'Give each sample a row.');
    return { shape: [...shape.slice(0, -1), c.units] };
  },
  weights(c, inputs) {
    const kernel = weight(c, 'kernel', [inputs[0]!.shape.at(-1)!, c.units]);
    return c.use_bias ? [kernel, weight(c, 'bias', [c.units])] : [kernel];
  },
  emit(c, f) {
    const { build } = f;
    const x = build.compact(f.inputs[0]!); // (m, K)
    const y = f.output(); // (m, units)
    const product = hasHalo(y.halo) ? build.tensor(y.shape) : y;
    const p = { kernel: 'kernel', bias: c.use_bias ? 'bias' : null, K: x.shape.at(-1)!, N: c.units };
    project(p, f, x, product, fusedActivation(c.activation, f));
    const { output, relu, undo } = activated(c.activation, f, product, y);
    return {
      output,
      relu,
      backward(g) {
        undo(g);
        projectWeights(p, f, g, x, g.dY);
        if (g.wants(0)) projectBack(p, f, g.dY, g.dInput(0));
      },
    };
  },
};
