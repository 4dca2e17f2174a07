// worker-engine.ts: what computes in a worker's process, put together: memory, pool, socket store, executor, feed. No socket.
import { seedWords } from '../base/random.ts';
import type { Dataset } from '../datasets/reader.ts';
import { alignUp, createArena } from '../kernels/arena.ts';
import { lengthOf, trainedOf } from '../trainer/contribution.ts';
import { createFeed, feedBytes } from '../trainer/feed.ts';
import type { Job } from '../trainer/job.ts';
import { createPool, poolBytes } from '../trainer/pool.ts';
import { prepare } from '../trainer/prepare.ts';
import { scheduleOf } from '../trainer/session.ts';
import { following } from '../trainer/step-machine.ts';
import { train } from '../trainer/train.ts';
import { createWasmExecutor, wasmExecutorBytes } from '../trainer/wasm-executor.ts';
import type { Work } from '../trainer/work.ts';
import { type Piece, piecesOfSums } from './codecs/pieces.ts';
import { leavesOf } from './leases.ts';
import type { FlatRange } from './messages.ts';
import { arithmetic } from './profile.ts';
import { referenceHash } from './reference.ts';
import { createSocketStore, type SocketStore, type SocketStoreOptions, socketStoreBytes } from './socket-store.ts';

export interface WorkerEngine {
  readonly store: SocketStore;
  readonly unit: number;
  /** Reads the samples of a piece of work that will be computed soon. */
  ahead(work: Work): void;
  /** How a range of a lease's sums is sent. */
  pieces(range: FlatRange, single: boolean): readonly Piece[];
  /** sha256 of the reference micro-shard. */
  readonly reference: string;
  /** Runs the training loop until the store is closed. */
  run(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerEngineOptions extends Pick<SocketStoreOptions, 'computed' | 'final'> {
  readonly job: Job;
  readonly dataset: Dataset;
  readonly threads: number;
  /** All weights, compact: the frozen ones among them are what they stay. */
  readonly weights: Float32Array;
}

/** @throws what planning throws */
export function createWorkerEngine(options: WorkerEngineOptions): WorkerEngine {
  const { job, dataset, threads, weights, computed, final } = options;
  const { kernels, profile } = arithmetic();
  const prepared = prepare(job, dataset, { threads, level: 0 }); // one leaf at a time: leases may be as small as that
  const { program, segments, transforms, machine } = prepared;
  const { teamSize, depth, slots, level } = machine;
  const { microShards, batch } = job;
  const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  const sizes = [
    alignUp(poolBytes(threads, teamSize, arenaBytes)),
    ...Object.values(wasmExecutorBytes(program, { microShards, teams: threads / teamSize, depth, level })),
    socketStoreBytes(segments, microShards),
    feedBytes(program.input, microShards, slots),
  ];
  const arena = createArena(sizes.reduce((a, b) => a + b, 0));
  // a single thread waits for no other, only for the network, beside other processes of the run
  const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes, waitsAwake: threads > 1 });
  const parameters = lengthOf(trainedOf(segments));
  const seed = seedWords(job.seed);
  const executor = createWasmExecutor({ pool, program, profile, seed, microShards, depth, level });
  const schedule = scheduleOf(job, dataset, prepared, 0, false);
  const store = createSocketStore({
    arena,
    kernels,
    segments,
    weights,
    program,
    microShards,
    final,
    computed,
    cancel: () => executor.cancel(),
    following(work) {
      const next = following(schedule, work);
      return next && leavesOf(next.node, next) > 0 ? next : null; // the last batch of an epoch may have fewer leaves
    },
  });
  const feed = createFeed({
    arena,
    train: dataset.train,
    test: dataset.test,
    transforms,
    augment: job.augment,
    sampler: job.sampler,
    kernels,
    layout: program.input,
    batch,
    microShards,
    level,
    seed: job.seed,
    slots,
    threads: 1,
  });
  return {
    store,
    unit: executor.unit,
    ahead: (work) => feed.ahead([work]),
    pieces: (range, single) => piecesOfSums(range, parameters, job.codec, single),
    reference: referenceHash(job, prepared, kernels),
    run: () => train(store, feed, executor, new AbortController().signal),
    async close() {
      await store.close();
      await executor.close();
      await feed.close();
      await pool.close();
    },
  };
}
