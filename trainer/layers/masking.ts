// masking.ts: places all of whose values are `mask_value` are padding: zero here, and passed over by layers that heed masks.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { maskOf, timesMask } from '../masks.ts';
import { base, shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, mask_value: z.number().default(0) });
export type MaskingConfig = z.infer<typeof config>;

export const masking: LayerKind<MaskingConfig> = {
  className: 'Masking',
  config,
  arity: [1, 1],
  shape({ name }, inputs) {
    if (inputs[0]!.shape.length !== 2)
      throw shapeError(name, inputs, '(places, features)', 'Mask a sequence before its places are mixed.');
    return inputs[0]!;
  },
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (T, E)
    const mask = maskOf(build, x, x.shape[0]!, c.mask_value);
    const output = timesMask(build, x, mask, f.output());
    return {
      output,
      mask,
      backward: (g) => {
        if (g.wants(0)) timesMask(build, g.dY, mask, g.dInput(0));
      },
    };
  },
};
