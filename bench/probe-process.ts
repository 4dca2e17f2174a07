// probe-process.ts: one process that does nothing but multiply-adds for as long as it is told, and answers how many it made a second.
import { createArena } from '../kernels/arena.ts';
import { instantiate, loadKernels } from '../kernels/load.ts';
import { peak } from './probe.ts';

const arena = createArena(1 << 20);
const probes = instantiate(loadKernels(), arena.memory);
const at = arena.take(2048);
peak(probes, at); // warm

process.on('message', ({ seconds }: { readonly seconds: number }) => {
  const until = performance.now() + 1000 * seconds;
  const since = performance.now();
  let turns = 0;
  while (performance.now() < until) {
    probes.probe24(10_000, at);
    turns += 10_000;
  }
  process.send!(turns / (performance.now() - since));
});
process.on('disconnect', () => process.exit());
process.send!('ready');
