// register.ts: how a loss that a user has written becomes one that jobs may name. What such a loss is: custom-loss.ts.
import { checkName } from '../register-name.ts';
import type { CustomLoss } from './custom-loss.ts';
import { losses } from './index.ts';
import { registeredLosses } from './registered.ts';

/**
 * Makes a loss known under its class name. Call it at the top level of a module of its own: compute threads import that module by
 * `definition.module`, since functions do not cross threads. Registering the same module's loss again replaces it.
 * @throws SHOAL_LOSS for the name of a loss that Shoal or another module has, and for one without a module or a name
 */
export function registerLoss(definition: CustomLoss): void {
  checkName('SHOAL_LOSS', 'loss', definition, losses, registeredLosses.get(definition.className)?.module);
  registeredLosses.set(definition.className, definition);
}
