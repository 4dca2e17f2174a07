// dense.ts: y = activation(x W + b) over the last axis. Not an embedding.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { activation, base, off, parameter, shapeError, weighted } from './common.ts';
import type { LayerStatics } from './kind.ts';

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

export const dense: LayerStatics<DenseConfig> = {
  className: 'Dense',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { shape } = inputs[0]!;
    if (shape.length === 0)
      throw shapeError(c.name, inputs, 'at least one axis: (features)', 'Give each sample a row.');
    return { shape: [...shape.slice(0, -1), c.units] };
  },
  weights(c, inputs) {
    const kernel = parameter('kernel', [inputs[0]!.shape.at(-1)!, c.units], c.kernel_initializer);
    return c.use_bias ? [kernel, parameter('bias', [c.units], c.bias_initializer)] : [kernel];
  },
};
