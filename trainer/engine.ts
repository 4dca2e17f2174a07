// engine.ts: everything that computes a job in one process, put together and taken apart: memory, pool, store, executor, feed.
import { seedWords } from '../base/random.ts';
import type { Dataset, Reader } from '../datasets/reader.ts';
import { type Arena, createArena } from '../kernels/arena.ts';
import type { KernelModule } from '../kernels/load.ts';
import { type KernelReport, testedKernels } from '../kernels/self-test.ts';
import type { Executor, Profile } from './executor.ts';
import { createFeed, type FeedUsage } from './feed.ts';
import type { Job } from './job.ts';
import { createLocalStore, type LocalStore, type StoreObserver } from './local-store.ts';
import { slotNames } from './optimizers/kind.ts';
import { type ComputePool, createPool } from './pool.ts';
import type { Prepared } from './prepare.ts';
import { takeResident } from './resident.ts';
import { createResidentFeed } from './resident-feed.ts';
import type { Snapshot } from './snapshot.ts';
import type { Schedule } from './step-machine.ts';
import { type Feed, train } from './train.ts';
import { createVersions, type Versions } from './versions.ts';
import { createWasmExecutor } from './wasm-executor.ts';
import type { ThreadReport } from './worker.ts';

/** An executor in place of the compute pool's own. Updates still run on the pool. */
export interface OtherExecutor {
  /** Parts of one contribution, when they lie in a memory of the executor's own; else 0. */
  readonly staging: number;
  create(prepared: Prepared): Executor;
}

export interface EngineOptions {
  readonly job: Job;
  readonly dataset: Dataset;
  readonly prepared: Prepared;
  readonly schedule: Schedule;
  readonly start: Snapshot;
  readonly observer: StoreObserver;
  /** Of the data pool, for each part of the dataset. Default 1. */
  readonly dataThreads?: number;
  readonly executor?: OtherExecutor;
  /** LocalStoreOptions. */
  readonly rate?: () => number | null;
}

export interface Engine {
  readonly store: LocalStore;
  readonly feed: Feed & { usage(): FeedUsage };
  readonly pool: ComputePool;
  readonly versions: Versions;
  readonly kernels: KernelModule;
  readonly profile: Profile;
  /** Share of the speed that the fastest engine reaches on such a core (KernelReport). */
  readonly speed: number;
  /** Runs the schedule to its end. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<readonly ThreadReport[]>;
}

export const profileOf = (kernels: KernelModule): Profile => ({
  arithmetic: kernels.build === 'relaxed' ? 'fused' : 'strict',
  kernels: kernels.hash,
});

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { prepared } = options;
  const { program, segments, machine, optimizer, optimizerConfig } = prepared;
  const { threads, teamSize } = machine;
  const { kernels, report } = testedKernels(); // the tile that this engine really runs fast, and that gives the right bits
  const arena = createArena(prepared.bytes);
  const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  const versions = createVersions(arena, segments, slotNames(optimizer, optimizerConfig));
  // threads that only update do not wait awake: the cores are the other executor's
  const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes, waitsAwake: !options.executor });
  try {
    return assemble(options, { kernels, report, arena, versions, pool });
  } catch (error) {
    await pool.close(); // its threads would outlive the run
    throw error;
  }
}

interface Basis {
  readonly kernels: KernelModule;
  readonly report: KernelReport;
  readonly arena: Arena;
  readonly versions: Versions;
  readonly pool: ComputePool;
}

function assemble(options: EngineOptions, { kernels, report, arena, versions, pool }: Basis): Engine {
  const { job, dataset, prepared, schedule, start, observer, dataThreads = 1 } = options;
  const { program, optimizer, optimizerConfig } = prepared;
  const { depth, slots, level, ranges, staging } = prepared.machine;
  const { microShards, batch } = job;
  const seed = seedWords(job.seed);
  const profile = profileOf(kernels);
  const resident = prepared.resident && !options.executor; // another executor has a memory of its own
  const samples = resident ? batch : 0;
  const own = { pool, program, profile, seed, microShards, depth, level, samples };
  const ofPool = () => createWasmExecutor(own);
  const executor = options.executor?.create(prepared) ?? ofPool();
  const { contribution } = program;
  const store = createLocalStore({
    pool,
    versions,
    contribution,
    schedule,
    optimizer,
    optimizerConfig,
    ranges,
    staging,
    joint: program.joint,
    start,
    observer,
    ...(options.rate && { rate: options.rate }),
  });
  const { transforms } = prepared;
  const { train: learnt, test: held } = dataset;
  const drawn = { train: learnt, test: held, sampler: job.sampler, batch, level, seed: job.seed };
  const input = { arena, layout: program.input };
  const tableOf = (reader: Reader): number => takeResident(arena, reader, transforms, program.input);
  const ahead = { microShards, slots, transforms, augment: job.augment, kernels, threads: dataThreads };
  const feed = resident
    ? createResidentFeed({
        ...{ ...drawn, ...input, teams: pool.teams, depth },
        tables: { gradient: tableOf(learnt), evaluate: tableOf(held) },
      })
    : createFeed({ ...drawn, ...input, ...ahead });
  return {
    store,
    feed,
    pool,
    versions,
    kernels,
    profile: executor.profile,
    speed: report.speed,
    run: (signal) => train(store, feed, executor, signal),
    async close() {
      await executor.close();
      await store.close();
      await feed.close();
      return pool.close();
    },
  };
}
