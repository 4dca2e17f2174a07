// session.ts: one run of a job in this process, from its first values to its hashes, told in events. Files are others' business.

import { check } from '../base/check.ts';
import { type ShoalError, toWire } from '../base/errors.ts';
import { type Dataset, decodedBy } from '../datasets/reader.ts';
import { datasetSchema, openDataset } from '../datasets/readers/index.ts';
import { namesBest } from './callbacks/index.ts';
import type { Evaluated } from './callbacks/kind.ts';
import { createDataUsage } from './data-usage.ts';
import { createDecisions, type Decisions } from './decisions.ts';
import { diagnose } from './diagnose.ts';
import { createEngine, type Engine, type OtherExecutor } from './engine.ts';
import type { DoneEvent, RunEvent } from './events.ts';
import type { Job } from './job.ts';
import type { StoreObserver } from './local-store.ts';
import { createNarrator, type Narrator, type SaveInfo } from './narrator.ts';
import { type Phase, phasesOf, restingLayers } from './phases.ts';
import { availableThreads } from './pool.ts';
import { type Prepared, prepare } from './prepare.ts';
import { restoredInfo } from './restore-best.ts';
import { allFinite, firstSnapshot, type Snapshot } from './snapshot.ts';
import type { Schedule } from './step-machine.ts';
import type { Work } from './work.ts';

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
  readonly snapshot: Snapshot;
}

/** The data that a job names. @throws SHOAL_DATA_* */
export function openJobData(job: Job): Promise<Dataset> {
  const config = check(datasetSchema, job.data, {
    code: 'SHOAL_JOB',
    operation: `read the data of the job "${job.name}"`,
    hint: 'docs/data.md describes every reader.',
  });
  return openDataset(config);
}

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
 * @throws SHOAL_NOT_FINITE, SHOAL_THREAD_DIED, and what reading data and planning throw
 */
export async function runSession(options: SessionOptions): Promise<SessionResult> {
  const { job } = options;
  const dataset = options.dataset ?? (await openJobData(job));
  const perEpoch = Math.ceil(dataset.train.length / job.batch);
  const phases = phasesOf(options.dryRun ? { ...job, epochs: 1 } : job);
  const first = phases.findIndex(({ to }) => (options.start?.version ?? 0) < to * perEpoch);
  let before: Part | null = null;
  for (const phase of phases.slice(first)) before = await runPhase(options, dataset, phase, before);
  return { done: before!.done!, snapshot: before!.snapshot };
}

/** What a phase leaves to the next: where it goes on from, and who tells of it; at the run's end, what it told last. */
interface Part {
  readonly snapshot: Snapshot;
  readonly narrator?: Narrator;
  readonly decisions?: Decisions;
  readonly done?: DoneEvent;
}

async function runPhase(options: SessionOptions, dataset: Dataset, phase: Phase, left: Part | null): Promise<Part> {
  const { job, signal, teamSize, ranges, level, executor } = options;
  if (left?.done) return left;
  const prepared = prepare(job, dataset, {
    threads: options.threads ?? availableThreads(),
    resting: restingLayers(job, phase.from),
    ...(teamSize === undefined ? {} : { teamSize }),
    ...(ranges === undefined ? {} : { ranges }),
    ...(executor ? { level: 0 } : level === undefined ? {} : { level }), // bundles are the pool's own
    staging: executor?.staging ?? 0,
  });
  // values are made once it is known that they fit
  const before: Part = left ?? { snapshot: options.start ?? firstSnapshot(job) };
  const whole = scheduleOf(job, dataset, prepared, before.snapshot.version, options.dryRun ?? false);
  const last = phase.to === whole.epochs;
  const schedule = last ? whole : { ...whole, until: phase.to };
  const continued = before.narrator !== undefined;
  const session = await Session.open(options, dataset, prepared, { ...schedule, continued }, before);
  const interrupt = () => session.engine.store.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  if (signal?.aborted) interrupt();
  try {
    return await session.run(last);
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await session.close();
  }
}

/** What a run knows while it goes on. */
class Session implements StoreObserver {
  readonly #options: SessionOptions;
  readonly #prepared: Prepared;
  readonly #narrator: Narrator;
  readonly #decisions: Decisions;
  /** Set by open(): it tells this session what happens. */
  engine!: Engine;
  #usage!: ReturnType<typeof createDataUsage>;
  #decodedBy: ReturnType<typeof decodedBy> = {};
  readonly saves: boolean;
  #failure: ShoalError | null = null;
  #saving: Promise<void> = Promise.resolve();
  #saved: number;
  readonly #start: number;
  /** It goes on from another phase, which has told how the run began. */
  readonly #continued: boolean;
  #closed = false;

  private constructor(options: SessionOptions, prepared: Prepared, schedule: Schedule, before: Part) {
    const { job } = options;
    this.#options = options;
    this.saves = (options.onSave !== undefined || namesBest(job.callbacks)) && !options.dryRun;
    this.#prepared = prepared;
    this.#saved = before.snapshot.version;
    this.#start = before.snapshot.version;
    this.#continued = before.narrator !== undefined;
    this.#decisions = before.decisions ?? createDecisions(job, before.snapshot);
    const decisions = this.#decisions;
    this.#narrator =
      before.narrator ?? createNarrator({ job, prepared, schedule, decisions, tell: (event) => this.#tell(event) });
  }

  static async open(
    options: SessionOptions,
    dataset: Dataset,
    prepared: Prepared,
    schedule: Schedule,
    before: Part,
  ): Promise<Session> {
    const { job, executor, dataThreads = 1 } = options;
    const session = new Session(options, prepared, schedule, before);
    const other = executor ? { executor } : {};
    const start = before.snapshot;
    const rate = () => session.#decisions.now.rate;
    const engine = { job, dataset, prepared, schedule, start, dataThreads, observer: session, rate, ...other };
    session.engine = await createEngine(engine);
    session.#decodedBy = decodedBy(dataset);
    session.#usage = createDataUsage(session.engine.feed.usage, dataThreads);
    return session;
  }

  /** @param last whether the run ends here, whatever it ends with */
  async run(last: boolean): Promise<Part> {
    const { profile, speed } = this.engine;
    if (!this.#continued) {
      await this.#narrator.started({ profile, ...this.#decodedBy, speed, from: this.#start });
      this.#narrator.begin();
    }
    try {
      await this.engine.run(new AbortController().signal);
    } catch (error) {
      // a thread has died: the last committed version is whole, since a step writes into the other copy
      await this.#saveNow();
      throw error;
    }
    await this.engine.store.close(); // where a NaN arose may still be searched for
    await this.#saving;
    if (this.#failure) throw this.#failure;
    const snapshot = this.engine.store.snapshot();
    this.#tellThreads(await this.engine.close());
    this.#closed = true;
    const reason = this.engine.store.stopped ?? 'done';
    if (!last && reason === 'done') return { snapshot, narrator: this.#narrator, decisions: this.#decisions };
    const ended = this.#options.dryRun ? { snapshot, best: null } : this.#decisions.ending(snapshot, reason);
    if (ended.best) await this.#keepRestored(ended.snapshot, ended.best);
    const done = await this.#narrator.done(ended.snapshot, reason, ended.best);
    this.#tell(done);
    return { snapshot: ended.snapshot, narrator: this.#narrator, done };
  }

  async close(): Promise<void> {
    if (!this.#closed) await this.engine.close();
  }

  committed(work: Work, totals: readonly number[], epochEnd: boolean): void {
    if (epochEnd) this.#tell(this.#usage(work.epoch + 1)); // before the epoch's own event
    this.#narrator.committed(work, totals, epochEnd);
  }

  counted(work: Work, totals: readonly number[], last: boolean): void {
    this.#narrator.counted(work, totals, last);
    if (last && this.#decisions.now.stop) this.engine.store.interrupt('early-stopping');
  }

  save(snapshot: Snapshot): Promise<void> {
    const { onSave } = this.#options;
    const before = this.#saving;
    this.#decisions.keep(snapshot);
    if (!onSave || !this.saves) {
      this.#narrator.saved(snapshot.version);
      return before;
    }
    const info = this.#narrator.saveInfo(snapshot.version);
    const write = async () => {
      await onSave(snapshot, info);
      this.#saved = snapshot.version;
      this.#narrator.saved(snapshot.version);
    };
    this.#saving = before.then(write).catch((error) => this.#problem(error, false));
    return before; // at most one waits while another is written: each is a copy of everything
  }

  async #keepRestored(snapshot: Snapshot, best: Evaluated): Promise<void> {
    await this.#options.onSave?.(snapshot, restoredInfo(best)).catch((error) => this.#problem(error, false));
  }

  async notFinite(work: Work): Promise<void> {
    this.#failure = await diagnose(this.engine, this.#prepared, this.#options.job, work);
    this.#problem(this.#failure, true);
  }

  async #saveNow(): Promise<void> {
    await this.engine.store.close(); // what is done is committed, whatever failed behind it
    await this.#saving;
    const snapshot = this.engine.store.snapshot();
    if (snapshot.version > this.#saved && allFinite(snapshot)) await this.save(snapshot);
    await this.#saving;
  }

  #tell(event: RunEvent): void {
    this.#options.onEvent?.(event);
  }

  #problem(error: unknown, fatal: boolean): void {
    this.#tell({ event: 'problem', problem: toWire(error), fatal });
  }

  #tellThreads(reports: readonly { readonly leaves: number; readonly collections: number }[]): void {
    const leaves = reports.map((report) => report.leaves);
    this.#tell({ event: 'threads', leaves, collections: reports.map((report) => report.collections) });
  }
}
