// worker-executor.ts: what a worker computes with: our kernels on a pool of threads, or another executor, which has its own memory. Put
// together here, used by worker-engine.ts.
import { seedWords } from '../base/random.ts';
import { type Arena, alignUp, takeRegion } from '../kernels/arena.ts';
import type { OtherExecutor } from '../trainer/engine.ts';
import type { Executor, Profile } from '../trainer/executor.ts';
import type { Job } from '../trainer/job.ts';
import { phaseAt, phasesOf } from '../trainer/phases.ts';
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

/** What computes in one phase of a job: made when the first work of that phase comes, where that of another phase was. */
type InPhase = (prepared: Prepared) => Executor;

/** @param phases of the job, each made ready for the same threads, teams and level */
export function computing(
  job: Job,
  phases: readonly Prepared[],
  threads: number,
  executor?: WorkerExecutor,
): Computing {
  if (executor) {
    const { create } = executor.of(job);
    return { bytes: 0, open: () => inPhases(job, phases, create) };
  }
  const { kernels, profile } = arithmetic();
  const { teamSize, depth, level } = phases[0]!.machine;
  const { microShards } = job;
  const arenaBytes = Math.max(
    ...phases.flatMap(({ program }) => Object.values(program.plans).map((plan) => plan.arenaBytes)),
  );
  const own = phases.map(({ program }) => {
    const sizes = wasmExecutorBytes(program, { microShards, teams: threads / teamSize, depth, level });
    return Object.values(sizes).reduce((a, b) => a + b, 0);
  });
  return {
    bytes: alignUp(poolBytes(threads, teamSize, arenaBytes)) + alignUp(Math.max(...own) + 512),
    open(arena) {
      // a single thread waits for no other, only for the network, beside other processes of the run
      const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes, waitsAwake: threads > 1 });
      const region = takeRegion(arena, Math.max(...own));
      const seed = seedWords(job.seed);
      const inner = inPhases(job, phases, ({ program }) =>
        createWasmExecutor({
          pool,
          arena: region.fresh(),
          program,
          profile,
          seed,
          microShards,
          depth,
          level,
        }),
      );
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

/** The executor of the first phase, and after it of whichever phase there is work of: a run may go back to an earlier one. */
function inPhases(job: Job, phases: readonly Prepared[], create: InPhase): Executor {
  const parts = phasesOf(job);
  let phase = 0;
  let current = create(phases[0]!);
  return {
    profile: current.profile,
    unit: current.unit,
    async compute(work, ...rest) {
      const wanted = phaseAt(parts, work.epoch);
      if (wanted !== phase) {
        await current.close(); // its last work is done: a worker has one lease at a time
        current = create(phases[wanted]!);
        phase = wanted;
      }
      return current.compute(work, ...rest);
    },
    cancel: () => current.cancel?.(),
    close: () => current.close(),
  };
}
