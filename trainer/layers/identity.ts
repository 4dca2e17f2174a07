// identity.ts: a layer that changes nothing. It makes no call.
import type { z } from 'zod';
import { strict } from '../../base/check.ts';
import { emitActivation } from './activation.ts';
import { base } from './common.ts';
import type { LayerKind } from './kind.ts';

const config = strict(base);
export type IdentityConfig = z.infer<typeof config>;

export const identity: LayerKind<IdentityConfig> = {
  className: 'Identity',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit: (_, f) => emitActivation(null, f),
};
