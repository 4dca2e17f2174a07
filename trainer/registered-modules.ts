// registered-modules.ts: the modules of users' own layers and losses, which compute threads import. Not the importing.
import { registered } from './layers/registered.ts';
import { registeredLosses } from './losses/registered.ts';

/** In the order of their registration, layers first. */
export const registeredModules = (): readonly string[] => [
  ...new Set([
    ...[...registered.values()].map(({ definition }) => definition.module),
    ...[...registeredLosses.values()].map(({ module }) => module),
  ]),
];
