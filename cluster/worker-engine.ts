// worker-engine.ts: what computes in a worker's process, put together: memory, pool, socket store, executor, feed. No socket.
import type { Dataset } from '../datasets/reader.ts';
import { createArena } from '../kernels/arena.ts';
import type { MachineOptions } from '../trainer/arrange.ts';
import { lengthOf, trainedOf } from '../trainer/contribution.ts';
import { createFeed, feedBytes } from '../trainer/feed.ts';
import type { Job } from '../trainer/job.ts';
import { type Phase, phasesOf, restingLayers } from '../trainer/phases.ts';
import { type Prepared, prepare } from '../trainer/prepare.ts';
import { scheduleOf } from '../trainer/session.ts';
import { following } from '../trainer/step-machine.ts';
import { train } from '../trainer/train.ts';
import type { Work } from '../trainer/work.ts';
import { type Piece, piecesOfSums } from './codecs/pieces.ts';
import { leavesOf } from './leases.ts';
import type { FlatRange } from './messages.ts';
import { arithmetic } from './profile.ts';
import { ownReference, type Reference, referenceBy } from './reference.ts';
import { DATA_THREADS, type Fed } from './report.ts';
import { createSocketStore, type SocketStore, type SocketStoreOptions, socketStoreBytes } from './socket-store.ts';
import { computing, type WorkerExecutor } from './worker-executor.ts';

export interface WorkerEngine {
  readonly store: SocketStore;
  readonly unit: number;
  /** Reads the samples of a piece of work that will be computed soon. */
  ahead(work: Work): void;
  /** How a range of a lease's sums is sent. */
  pieces(range: FlatRange, single: boolean): readonly Piece[];
  /** What its executor makes of the reference micro-shard: to be asked before it runs. */
  reference(): Promise<Reference>;
  /** How its feed fares, for reports. */
  fed(): Fed;
  /** Runs the training loop until the store is closed. */
  run(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerEngineOptions extends Pick<SocketStoreOptions, 'computed' | 'final'> {
  readonly job: Job;
  readonly dataset: Dataset;
  readonly threads: number;
  /** Default: our kernels. */
  readonly executor?: WorkerExecutor;
  /** All weights, compact: the frozen ones among them are what they stay. */
  readonly weights: Float32Array;
}

/** @throws what planning throws, and what the executor refuses */
export function createWorkerEngine(options: WorkerEngineOptions): WorkerEngine {
  const { job, dataset, threads, weights, computed, final } = options;
  const { kernels } = arithmetic();
  // one leaf at a time: leases may be as small as that. The last phase trains the most: it says what the others' machine is
  const parts = phasesOf(job);
  const last = preparedAt(job, dataset, parts.at(-1)!, { threads, level: 0 });
  const { teamSize } = last.machine;
  const earlier = parts.slice(0, -1).map((phase) => preparedAt(job, dataset, phase, { threads, level: 0, teamSize }));
  const phases = [...earlier, last];
  const prepared = phases[0]!;
  const { program, segments, transforms, machine } = prepared;
  const { slots, level } = machine;
  const { microShards, batch } = job;
  const { bytes, open } = computing(job, phases, threads, options.executor);
  const arena = createArena(
    bytes + socketStoreBytes(segments, microShards) + feedBytes(program.input, microShards, slots),
  );
  const parameters = lengthOf(trainedOf(segments));
  const executor = open(arena);
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
    cancel: () => executor.cancel?.(),
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
    threads: DATA_THREADS,
  });
  return {
    store,
    unit: executor.unit,
    ahead: (work) => feed.ahead([work]),
    pieces: (range, single) => piecesOfSums(range, parameters, job.codec, single),
    reference: async () =>
      options.executor ? referenceBy(executor, job, prepared) : ownReference(job, prepared, kernels),
    fed() {
      const { wall, waited, stages } = feed.usage();
      const whole = Math.round;
      return { wall: whole(wall), waited: whole(waited), read: whole(stages.read), augment: whole(stages.augment) };
    },
    run: () => train(store, feed, executor, new AbortController().signal),
    async close() {
      await store.close();
      await executor.close();
      await feed.close();
    },
  };
}

const preparedAt = (job: Job, dataset: Dataset, { from }: Phase, machine: MachineOptions): Prepared =>
  prepare(job, dataset, { ...machine, resting: restingLayers(job, from) });
