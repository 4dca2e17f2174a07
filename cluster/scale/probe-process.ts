// probe-process.ts: one process that does nothing but multiply-adds for as long as it is told, and answers how many it made a second.
import { createArena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';

const CHAIN = 10_000;
const arena = createArena(1 << 20);
const probes = instantiate(loadKernels(), arena.memory);
const at = arena.take(2048);
arena.views.f32.fill(1e-3, at >> 2, (at >> 2) + 512);
for (let i = 0; i < 20; i++) probes.probe24(CHAIN, at); // warm

process.on('message', ({ seconds }: { readonly seconds: number }) => {
  const since = performance.now();
  let turns = 0;
  while (performance.now() < since + 1000 * seconds) {
    probes.probe24(CHAIN, at);
    turns += CHAIN;
  }
  const rate = (1000 * turns) / (performance.now() - since);
  process.send!(rate, () => {}); // a parent that has ended in between does not want it: `disconnect` follows
});
process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal, or its end, hits the whole group: the parent ends this process when it needs it no more
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.send!('ready');
