// registered.ts: the layers that users have written and registered, by class name. How one is registered: register.ts.
import { ofProcess } from '../../base/of-process.ts';
import type { CustomLayer } from './custom-layer.ts';
import type { LayerKind } from './kind.ts';

export interface Registered {
  readonly definition: CustomLayer;
  readonly kind: LayerKind<unknown>;
}

export const registered = ofProcess('layers', () => new Map<string, Registered>());
