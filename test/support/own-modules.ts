// own-modules.ts: makes layers and losses of users known for the tests of one file alone. Not their modules: fixtures/, examples/own-layer.
import { pathToFileURL } from 'node:url';
import { importLayers } from '../../trainer/layers/import-layers.ts';
import { type Registered, registered } from '../../trainer/layers/registered.ts';
import type { CustomLoss } from '../../trainer/losses/custom-loss.ts';
import { registeredLosses } from '../../trainer/losses/registered.ts';

/** All that was ever registered: a module does so once, when it is first imported. */
const layers = new Map<string, Registered>();
const losses = new Map<string, CustomLoss>();

/**
 * Before the tests of a `describe`, makes what the modules register known; after them, nothing is: else every compute thread of all
 * later tests would import these modules, and with them the whole library.
 * @param paths absolute
 */
export function useModules(...paths: readonly string[]): void {
  before(async () => {
    await importLayers(paths);
    const urls = paths.map((path) => pathToFileURL(path).href);
    for (const [name, layer] of layers) if (urls.includes(layer.definition.module)) registered.set(name, layer);
    for (const [name, loss] of losses) if (urls.includes(loss.module)) registeredLosses.set(name, loss);
  });
  after(() => {
    for (const [name, layer] of registered) layers.set(name, layer);
    for (const [name, loss] of registeredLosses) losses.set(name, loss);
    registered.clear();
    registeredLosses.clear();
  });
}
