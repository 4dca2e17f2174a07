// executor.test.ts: all executors pass the suite of executors: the pool's, one whose unit is two leaves, and that of tfjs, whose device batches
// hold some leaves and not all.
import assert from 'node:assert/strict';
import { seedWords } from '../../base/random.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { profileOf } from '../../trainer/engine.ts';
import { type ComputePool, createPool } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { createTfjsExecutor, executorNamed } from '../../trainer/tfjs-executor.ts';
import { rootOf, sharesOf } from '../../trainer/tree.ts';
import { createWasmExecutor } from '../../trainer/wasm-executor.ts';
import { testExecutor } from '../cases/executor.ts';
import { createReferenceExecutor, referenceExecutor } from '../support/reference-executor.ts';
import { dataset, JOBS } from '../support/small-run.ts';

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

for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const)
  testExecutor(backend, 1e-5, {
    open(job, prepared) {
      const executor = createTfjsExecutor({ backend, job, prepared, most: 6 });
      return { executor, close: () => executor.close() };
    },
    session: (job) => executorNamed(backend, job),
  });

describe('the wasm executor', () => {
  it('leaves out the leaves of cancelled work that no thread has begun, and computes the next as ever', async () => {
    const job = JOBS.dense;
    const prepared = prepare(job, dataset, { threads: 2, level: 0 });
    const { program, machine } = prepared;
    const arena = createArena(prepared.bytes);
    const { threads, teamSize, depth, level } = machine;
    const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
    const kernels = loadKernels();
    const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes });
    const { microShards } = job;
    const profile = profileOf(kernels);
    let early = true;
    const executor = createWasmExecutor({
      // the first work is cancelled once it is written down, before any thread can see it
      pool: Object.assign(Object.create(pool) as ComputePool, {
        leaves(...command: Parameters<ComputePool['leaves']>) {
          if (early) executor.cancel!();
          early = false;
          return pool.leaves(...command);
        },
      }),
      ...{ program, profile, seed: [1, 0] as const, microShards, depth, level },
    });
    const bytes = arena.views.u8.subarray(arena.take(microShards * program.input.leafBytes));
    const parameters = arena.views.u8.subarray(arena.take(program.contribution.scalarsAt));
    const shares = sharesOf(job.batch, microShards);
    const run = (step: number) => {
      const work = { kind: 'gradient', step, epoch: 0, node: rootOf(microShards), version: step, shares } as const;
      const pinned = { version: step, bytes: parameters, ready: Promise.resolve(), release() {} };
      return executor.compute(work, { bytes, release() {} }, pinned, new AbortController().signal);
    };
    await (await run(0)).ready;
    await (await run(1)).ready;
    const leaves = (await pool.close()).map((report) => report.leaves);
    assert.equal(leaves[0]! + leaves[1]!, microShards, 'those of the second alone');
  });
});
