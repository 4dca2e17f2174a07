// flatten.ts: a sample's values as one row, in the order they have. Not a copy: planned as a view where the layout allows.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { elements } from '../model.ts';
import { base, channelsLast } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict({ ...base, data_format: channelsLast });
export type FlattenConfig = z.infer<typeof config>;

export const flatten: LayerKind<FlattenConfig> = {
  className: 'Flatten',
  config,
  arity: [1, 1],
  shape: (_, inputs) => ({ shape: [elements(inputs[0]!.shape)] }),
  weights: () => [],
  emit(_, f) {
    const { build } = f;
    const x = f.inputs[0]!;
    const output = build.reshape(build.compact(x), f.spec.shape);
    return { output, backward: (g) => g.wants(0) && g.pass(0, build.reshape(g.dY, x.shape)) };
  },
};
