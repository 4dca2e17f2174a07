// register.ts: how a layer that a user has written becomes one that models may name. What such a layer is: custom-layer.ts.
import { checkName } from '../register-name.ts';
import { type CustomLayer, customKind } from './custom-layer.ts';
import { layers } from './index.ts';
import type { LayerKind } from './kind.ts';
import { registered } from './registered.ts';

/**
 * Makes a layer known under its class name. Call it at the top level of a module of its own: compute threads import that module by
 * `definition.module`, since functions do not cross threads. Registering the same module's layer again replaces it.
 * @throws SHOAL_LAYER for the name of a layer that Shoal or another module has, and for one without a module or a name
 */
export function registerLayer(definition: CustomLayer): void {
  checkName('SHOAL_LAYER', 'layer', definition, layers, registered.get(definition.className)?.definition.module);
  registered.set(definition.className, { definition, kind: customKind(definition) as LayerKind<unknown> });
}
