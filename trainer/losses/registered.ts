// registered.ts: the losses that users have written and registered, by class name. How one is registered: register.ts.
import type { CustomLoss } from './custom-loss.ts';

export const registeredLosses = new Map<string, CustomLoss>();
