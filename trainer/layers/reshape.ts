// reshape.ts: a sample's values under another shape, in the order they have. Not a copy where the layout allows. One row: flatten.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { elements, type TensorSpec } from '../model.ts';
import { base, shapeError, shapeText } from './common.ts';
import { flatten } from './flatten.ts';
import type { LayerKind } from './kind.ts';

/** target_shape: without the batch; one size may be -1, or null: whatever is left. */
const size = z.union([z.int().positive(), z.literal(-1), z.null().transform((): number => -1)]);
const config = strict({ ...base, target_shape: z.array(size) });
export type ReshapeConfig = z.infer<typeof config>;

function shape({ name, target_shape }: ReshapeConfig, inputs: readonly TensorSpec[]): TensorSpec {
  const all = elements(inputs[0]!.shape);
  const known = elements(target_shape.filter((n) => n !== -1));
  const open = target_shape.filter((n) => n === -1).length;
  if (open === 0 ? known === all : open === 1 && all % known === 0)
    return { shape: target_shape.map((n) => (n === -1 ? all / known : n)) };
  throw shapeError(name, inputs, `what ${shapeText(target_shape)} can hold`, 'One size may be -1: what is left.');
}

export const reshape: LayerKind<ReshapeConfig> = {
  className: 'Reshape',
  config,
  arity: [1, 1],
  shape,
  weights: () => [],
  emit({ name, trainable, dtype }, f) {
    return flatten.emit({ name, trainable, dtype, data_format: 'channels_last' }, f);
  },
};
