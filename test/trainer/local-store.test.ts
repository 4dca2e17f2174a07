// local-store.test.ts: the store of one process passes the suite of stores, with one range and with two.
import { loadKernels } from '../../kernels/load.ts';
import { createLocalStore } from '../../trainer/local-store.ts';
import { optimizerOf } from '../../trainer/optimizers/index.ts';
import { slotNames } from '../../trainer/optimizers/kind.ts';
import { createPool } from '../../trainer/pool.ts';
import { createVersions } from '../../trainer/versions.ts';
import { testStore } from '../cases/store.ts';
import { MOMENTUM } from '../cases/store-sums.ts';

const kernels = loadKernels();

for (const [ranges, threads] of [
  [1, 2],
  [2, 1],
] as const) {
  testStore(`${ranges} ranges and ${threads} threads`, (parts) => {
    const { arena, segments } = parts;
    const optimizer = optimizerOf('SGD');
    const pool = createPool({ arena, kernels, threads, teamSize: 1, arenaBytes: 64 });
    const versions = createVersions(arena, segments, slotNames(optimizer, MOMENTUM));
    const store = createLocalStore({ ...parts, pool, versions, optimizer, optimizerConfig: MOMENTUM, ranges });
    return {
      store,
      async close() {
        await store.close();
        await pool.close();
      },
    };
  });
}
