// register.ts: how a loss that a user has written becomes one that jobs may name. What such a loss is: custom-loss.ts.
import { ShoalError } from '../../base/errors.ts';
import type { CustomLoss } from './custom-loss.ts';
import { losses } from './index.ts';
import { registeredLosses } from './registered.ts';

/**
 * Makes a loss known under its class name. Call it at the top level of a module of its own: compute threads import that module by
 * `definition.module`, since functions do not cross threads. Registering the same module's loss again replaces it.
 * @throws SHOAL_LOSS for the name of a loss that Shoal or another module has
 */
export function registerLoss(definition: CustomLoss): void {
  const { className, module } = definition;
  const other = registeredLosses.get(className)?.module;
  if (Object.hasOwn(losses, className) || (other !== undefined && other !== module))
    throw new ShoalError({
      code: 'SHOAL_LOSS',
      operation: 'register a loss',
      got: `the class name "${className}", which ${other === undefined ? 'Shoal has' : `${other} has registered`}`,
      expected: 'a class name of its own',
      hint: 'Rename the loss.',
    });
  registeredLosses.set(className, definition);
}
