// register.ts: how a callback that a user has written becomes one that jobs may name. What such a callback is: registered.ts.
import { checkName } from '../register-name.ts';
import { callbacks } from './index.ts';
import { type CustomCallback, registeredCallbacks } from './registered.ts';

/**
 * Makes a callback known under its class name. Call it at the top level of a module that a job names in `modules`. Registering the same
 * module's callback again replaces it.
 * @throws SHOAL_CALLBACK for the name of a callback that Shoal or another module has, and for one without a module or a name
 */
export function registerCallback(definition: CustomCallback): void {
  checkName('SHOAL_CALLBACK', 'callback', definition, callbacks, registeredCallbacks.get(definition.className)?.module);
  registeredCallbacks.set(definition.className, definition);
}
