// register.ts: how a callback that a user has written becomes one that jobs may name. What such a callback is: registered.ts.
import { ShoalError } from '../../base/errors.ts';
import { callbacks } from './index.ts';
import { type CustomCallback, registeredCallbacks } from './registered.ts';

/**
 * Makes a callback known under its class name. Call it at the top level of a module that a job names in `modules`. Registering the same
 * module's callback again replaces it.
 * @throws SHOAL_CALLBACK for the name of a callback that Shoal or another module has
 */
export function registerCallback(definition: CustomCallback): void {
  const { className, module } = definition;
  const other = registeredCallbacks.get(className)?.module;
  if (Object.hasOwn(callbacks, className) || (other !== undefined && other !== module))
    throw new ShoalError({
      code: 'SHOAL_CALLBACK',
      operation: 'register a callback',
      got: `the class name "${className}", which ${other === undefined ? 'Shoal has' : `${other} has registered`}`,
      expected: 'a class name of its own',
      hint: 'Rename the callback.',
    });
  registeredCallbacks.set(className, definition);
}
