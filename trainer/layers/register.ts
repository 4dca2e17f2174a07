// register.ts: how a layer that a user has written becomes one that models may name. What such a layer is: custom-layer.ts.
import { ShoalError } from '../../base/errors.ts';
import { type CustomLayer, customKind } from './custom-layer.ts';
import { layers } from './index.ts';
import type { LayerKind } from './kind.ts';
import { registered } from './registered.ts';

/**
 * Makes a layer known under its class name. Call it at the top level of a module of its own: compute threads import that module by
 * `definition.module`, since functions do not cross threads. Registering the same module's layer again replaces it.
 * @throws SHOAL_LAYER for the name of a layer that Shoal or another module has
 */
export function registerLayer(definition: CustomLayer): void {
  const { className, module } = definition;
  const other = registered.get(className)?.definition.module;
  if (Object.hasOwn(layers, className) || (other !== undefined && other !== module))
    throw new ShoalError({
      code: 'SHOAL_LAYER',
      operation: 'register a layer',
      got: `the class name "${className}", which ${other === undefined ? 'Shoal has' : `${other} has registered`}`,
      expected: 'a class name of its own',
      hint: 'Rename the layer.',
    });
  registered.set(className, { definition, kind: customKind(definition) as LayerKind<unknown> });
}
