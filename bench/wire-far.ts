// wire-far.ts: the far process of bench/wire.ts: opens both far ends for the configuration that its parent sends.
import { bareFar, shoalFar, type WireConfig } from './wire-ends.ts';

process.on('message', async (config: WireConfig) => {
  const [ours, bare] = await Promise.all([shoalFar(config), bareFar(config)]);
  process.send!({ ours: ours.url, bare: bare.url });
});
process.on('disconnect', () => process.exit());
