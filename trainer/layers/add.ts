// add.ts: the sum of two or more tensors of one shape. It does not broadcast.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { base, shapeError, shapeText } from './common.ts';
import type { LayerStatics } from './kind.ts';

const config = strict(base);
export type AddConfig = z.infer<typeof config>;

export const add: LayerStatics<AddConfig> = {
  className: 'Add',
  config,
  arity: [2, Number.POSITIVE_INFINITY],
  shape(c, inputs) {
    const first = shapeText(inputs[0]!.shape);
    if (inputs.some((input) => shapeText(input.shape) !== first)) {
      throw shapeError(c.name, inputs, `all of one shape, ${first}`, 'Adding does not broadcast.');
    }
    return inputs[0]!;
  },
  weights: () => [],
};
