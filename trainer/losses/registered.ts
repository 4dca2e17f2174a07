// registered.ts: the losses that users have written and registered, by class name. How one is registered: register.ts.
import { ofProcess } from '../../base/of-process.ts';
import type { CustomLoss } from './custom-loss.ts';

export const registeredLosses = ofProcess('losses', () => new Map<string, CustomLoss>());
