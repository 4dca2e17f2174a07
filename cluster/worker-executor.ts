// worker-executor.ts: what a worker computes with: our kernels on a pool of threads, or another executor, which has its own memory. Put
// together here, used by worker-engine.ts.
import { seedWords } from '../base/random.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import type { OtherExecutor } from '../trainer/engine.ts';
import type { Executor, Profile } from '../trainer/executor.ts';
import type { Job } from '../trainer/job.ts';
import { createPool, poolBytes } from '../trainer/pool.ts';
import type { Prepared } from '../trainer/prepare.ts';
import { createWasmExecutor, wasmExecutorBytes } from '../trainer/wasm-executor.ts';
import { arithmetic } from './profile.ts';

/** An executor in place of our kernels: its profile is told before the job is known. */
export interface WorkerExecutor {
  readonly profile: Profile;
  /** @throws what it refuses of a job */
  of(job: Job): OtherExecutor;
}

/** The kernels of this process, which every worker and server has. */
export const profileOfWorker = (executor: WorkerExecutor | undefined): Profile =>
  executor?.profile ?? arithmetic().profile;

export interface Computing {
  /** Of the arena. */
  readonly bytes: number;
  /** Takes its memory and starts. */
  open(arena: Arena): Executor;
}

export function computing(job: Job, prepared: Prepared, threads: number, executor?: WorkerExecutor): Computing {
  if (executor) {
    const { create } = executor.of(job);
    return { bytes: 0, open: () => create(prepared) };
  }
  const { kernels, profile } = arithmetic();
  const { program, machine } = prepared;
  const { teamSize, depth, level } = machine;
  const { microShards } = job;
  const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  const own = wasmExecutorBytes(program, { microShards, teams: threads / teamSize, depth, level });
  return {
    bytes: [alignUp(poolBytes(threads, teamSize, arenaBytes)), ...Object.values(own)].reduce((a, b) => a + b, 0),
    open(arena) {
      // a single thread waits for no other, only for the network, beside other processes of the run
      const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes, waitsAwake: threads > 1 });
      const seed = seedWords(job.seed);
      const inner = createWasmExecutor({ pool, program, profile, seed, microShards, depth, level });
      return {
        ...inner,
        async close() {
          await inner.close();
          await pool.close();
        },
      };
    },
  };
}
