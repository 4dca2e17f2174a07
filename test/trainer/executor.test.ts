// executor.test.ts: both executors pass the suite of executors: the pool's, and one whose unit is two leaves.
import { seedWords } from '../../base/random.ts';
import { loadKernels } from '../../kernels/load.ts';
import { profileOf } from '../../trainer/engine.ts';
import { createPool } from '../../trainer/pool.ts';
import { createWasmExecutor } from '../../trainer/wasm-executor.ts';
import { testExecutor } from '../cases/executor.ts';
import { createReferenceExecutor, referenceExecutor } from '../support/reference-executor.ts';

testExecutor('wasm', 1e-6, {
  open(job, { program, machine }, arena) {
    const kernels = loadKernels();
    const { threads, teamSize, depth, level } = machine;
    const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
    const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes });
    const { microShards } = job;
    const seed = seedWords(job.seed);
    const executor = createWasmExecutor({
      pool,
      program,
      profile: profileOf(kernels),
      seed,
      microShards,
      depth,
      level,
    });
    return {
      executor,
      async close() {
        await executor.close();
        await pool.close();
      },
    };
  },
  session: () => undefined,
});

testExecutor('reference', 1e-6, {
  open(job, prepared) {
    const executor = createReferenceExecutor(job, prepared);
    return { executor, close: () => executor.close() };
  },
  session: referenceExecutor,
});
