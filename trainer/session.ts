// session.ts: one run of a job in this process, from its first values to its hashes, told in events. Files are others' business.

import type { Dataset } from '../datasets/reader.ts';
import { type DatasetOptions, openDataset } from '../datasets/readers/index.ts';
import { checkSession } from './api-arguments.ts';
import type { OtherExecutor } from './engine.ts';
import type { DoneEvent, RunEvent } from './events.ts';
import type { Job } from './job.ts';
import type { SaveInfo } from './narrator.ts';
import { type Left, PhaseRun, type PhaseStart } from './phase-run.ts';
import { type Phase, phasesOf, restingLayers } from './phases.ts';
import { availableThreads } from './pool.ts';
import { type Prepared, prepare } from './prepare.ts';
import { firstSnapshot, type Snapshot, type WeightsAt } from './snapshot.ts';
import type { Schedule } from './step-machine.ts';

export type { SaveInfo };

export interface SessionOptions {
  readonly job: Job;
  /** Default: what job.data names. */
  readonly dataset?: Dataset;
  /** Default: as many as the machine runs at once. */
  readonly threads?: number;
  /** Threads that share one micro-shard; the plan chooses by default. Never changes a bit. */
  readonly teamSize?: number;
  /** Threads that read samples ahead. Default 1. Never changes a bit. */
  readonly dataThreads?: number;
  /** Owners of the flat vector, as servers would be. Default 1. Never changes a bit. */
  readonly ranges?: number;
  /** Micro-shards computed side by side, as a power of two; the plan chooses by default. Never changes a bit. */
  readonly level?: number;
  /** What to compute with; default: the kernels on the compute threads. It may change bits: it has a profile of its own. */
  readonly executor?: OtherExecutor;
  /** Where to go on from; default: the first values. */
  readonly start?: Snapshot | null;
  /** A few batches of everything. */
  readonly dryRun?: boolean;
  /** Aborted: finish what is open, save, end with the reason "interrupted". */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** A version to keep. Training goes on meanwhile; awaited before the next one. */
  readonly onSave?: (snapshot: Snapshot, info: SaveInfo) => Promise<void>;
}

export interface SessionResult {
  readonly done: DoneEvent;
  /** The last version's, or the best one's where a callback restores that. What the optimizer keeps is onSave's alone. */
  readonly weights: WeightsAt;
}

/** The data that a job names. @throws SHOAL_DATA_* */
export const openJobData = ({ data, name }: Job): Promise<Dataset> =>
  openDataset(data as DatasetOptions, `read the data of the job "${name}"`);

export function scheduleOf(job: Job, dataset: Dataset, prepared: Prepared, from: number, few: boolean): Schedule {
  const limit = few ? 3 * job.batch : Number.POSITIVE_INFINITY;
  return {
    samples: Math.min(dataset.train.length, limit),
    evaluationSamples: Math.min(dataset.test.length, limit),
    batch: job.batch,
    microShards: job.microShards,
    epochs: few ? 1 : job.epochs,
    evaluateEvery: job.evaluateEvery,
    saveEvery: job.checkpoint.everySteps,
    depth: prepared.machine.depth,
    from,
    onlyEvaluate: false,
  };
}

/**
 * Trains a job to its end.
 * @throws SHOAL_JOB, SHOAL_WEIGHTS for a start of another model, SHOAL_NOT_FINITE, SHOAL_THREAD_DIED, and what reading data and planning throw
 */
export async function runSession(options: SessionOptions): Promise<SessionResult> {
  checkSession(options);
  const { job } = options;
  const dataset = options.dataset ?? (await openJobData(job));
  const perEpoch = Math.ceil(dataset.train.length / job.batch);
  const phases = phasesOf(options.dryRun ? { ...job, epochs: 1 } : job);
  const first = phases.findIndex(({ to }) => (options.start?.version ?? 0) < to * perEpoch);
  let before: PhaseStart | null = null;
  // -1, nothing is left to do: the last phase tells so
  for (let i = first; ; i++) {
    const left: Left = await runPhase(options, dataset, phases.at(i)!, before);
    if ('result' in left) return left.result;
    before = left;
  }
}

async function runPhase(options: SessionOptions, dataset: Dataset, phase: Phase, before: PhaseStart | null) {
  const { signal } = options;
  const { run, last } = await openPhase(options, dataset, phase, before);
  const interrupt = () => run.engine.store.interrupt();
  try {
    signal?.addEventListener('abort', interrupt, { once: true });
    if (signal?.aborted) interrupt();
    return await run.run(last);
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await run.close();
  }
}

/** What it begins with is as large as the weights and the optimizer's slots: a call of its own, so that nobody holds it while training. */
async function openPhase(options: SessionOptions, dataset: Dataset, phase: Phase, left: PhaseStart | null) {
  const { job, teamSize, ranges, level, executor } = options;
  const prepared = prepare(job, dataset, {
    threads: options.threads ?? availableThreads(),
    resting: restingLayers(job, phase.from),
    ...(teamSize === undefined ? {} : { teamSize }),
    ...(ranges === undefined ? {} : { ranges }),
    ...(executor ? { level: 0 } : level === undefined ? {} : { level }), // bundles are the pool's own
    staging: executor?.staging ?? 0,
    local: !executor,
  });
  // values are made once it is known that they fit
  const before: PhaseStart = left ?? { snapshot: options.start ?? firstSnapshot(job) };
  const whole = scheduleOf(job, dataset, prepared, before.snapshot.version, options.dryRun ?? false);
  const last = phase.to === whole.epochs;
  const schedule = last ? whole : { ...whole, until: phase.to };
  const continued = before.narrator !== undefined;
  const run = await PhaseRun.open(options, dataset, prepared, { ...schedule, continued }, before);
  return { run, last };
}
