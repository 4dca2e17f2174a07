// phase-run.ts: one phase of a run, from its engine to what it leaves to the next: what is committed is told, saved and decided on. Which
// phases there are is session.ts's.
import { ShoalError, toWire } from '../base/errors.ts';
import { type Dataset, decodedBy } from '../datasets/reader.ts';
import { namesBest } from './callbacks/index.ts';
import type { Evaluated } from './callbacks/kind.ts';
import { createDataUsage } from './data-usage.ts';
import { createDecisions, type Decisions } from './decisions.ts';
import { diagnose } from './diagnose.ts';
import { createEngine, type Engine } from './engine.ts';
import type { RunEvent } from './events.ts';
import type { StoreObserver } from './local-store.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import type { Prepared } from './prepare.ts';
import { restoredInfo } from './restore-best.ts';
import type { SessionOptions, SessionResult } from './session.ts';
import { allFinite, numbersOf, type Snapshot } from './snapshot.ts';
import type { Schedule } from './step-machine.ts';
import type { Work } from './work.ts';

/** What a phase begins with: where it goes on from, and who tells of it, where there was a phase before. */
export interface PhaseStart {
  readonly snapshot: Snapshot;
  readonly narrator?: Narrator;
  readonly decisions?: Decisions;
}
/** What it leaves: the next one's beginning, or at the run's end, the result. */
export type Left = PhaseStart | { readonly result: SessionResult };

/** What a run knows while it goes on. */
export class PhaseRun implements StoreObserver {
  readonly #options: SessionOptions;
  readonly #prepared: Prepared;
  readonly #narrator: Narrator;
  readonly #decisions: Decisions;
  /** Set by open(): it tells this run what happens. */
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

  private constructor(options: SessionOptions, prepared: Prepared, schedule: Schedule, before: PhaseStart) {
    const { job } = options;
    this.#options = options;
    this.saves = (options.onSave !== undefined || namesBest(job.callbacks)) && !options.dryRun;
    this.#prepared = prepared;
    this.#saved = before.snapshot.version;
    this.#start = before.snapshot.version;
    this.#continued = before.narrator !== undefined;
    this.#decisions = before.decisions ?? createDecisions(job, before.snapshot);
    const decisions = this.#decisions;
    const tell = (event: RunEvent) => this.#tell(event);
    const { counted = [] } = before.snapshot;
    this.#narrator = before.narrator ?? createNarrator({ job, prepared, schedule, decisions, before: counted, tell });
  }

  static async open(
    options: SessionOptions,
    dataset: Dataset,
    prepared: Prepared,
    schedule: Schedule,
    before: PhaseStart,
  ): Promise<PhaseRun> {
    const { job, executor, dataThreads = 1 } = options;
    const run = new PhaseRun(options, prepared, schedule, before);
    const other = executor ? { executor } : {};
    const start = before.snapshot;
    const rate = () => run.#decisions.now.rate;
    const engine = { job, dataset, prepared, schedule, start, dataThreads, observer: run, rate, ...other };
    run.engine = await createEngine(engine);
    run.#decodedBy = decodedBy(dataset);
    run.#usage = createDataUsage(run.engine.feed.usage, dataThreads);
    return run;
  }

  /** @param last whether the run ends here, whatever it ends with */
  async run(last: boolean): Promise<Left> {
    const { profile, speed } = this.engine;
    if (!this.#continued) {
      await this.#narrator.started({ profile, ...this.#decodedBy, speed, from: this.#start });
      this.#narrator.begin();
    }
    try {
      await this.engine.run(new AbortController().signal);
    } catch (error) {
      await this.#saveNow();
      throw error;
    }
    await this.engine.store.close(); // where a NaN arose may still be searched for
    await this.#saving;
    if (this.#failure) throw this.#failure;
    this.#tellThreads(await this.engine.close());
    this.#closed = true;
    const { store } = this.engine;
    const reason = store.stopped ?? 'done';
    if (!last && reason === 'done')
      return { snapshot: store.snapshot(), narrator: this.#narrator, decisions: this.#decisions };
    const end = store.weights(); // not what the optimizer keeps: it is as large again
    const { version, best } = this.#options.dryRun ? { version: end, best: null } : this.#decisions.ending(end, reason);
    if (best) await this.#keepRestored({ ...store.snapshot(), ...version }, best);
    const done = this.#narrator.done(version, store.slots(), reason, best);
    this.#tell(done);
    return { result: { done, weights: version } };
  }

  async close(): Promise<void> {
    if (!this.#closed) await this.engine.close();
  }

  committed(work: Work, totals: readonly number[], epochEnd: boolean): void {
    if (epochEnd) this.#tell(this.#usage(work.epoch + 1)); // before the epoch's own event
    this.#narrator.committed(work, totals, epochEnd);
    if (epochEnd && !this.saves) this.#narrator.saved(work.step + 1); // nothing goes back: steps of earlier epochs are forgotten
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
    if (!(await this.engine.store.whole())) {
      this.#problem(torn(this.#saved), false);
      return;
    }
    const snapshot = this.engine.store.snapshot();
    if (snapshot.version > this.#saved && allFinite(numbersOf(snapshot))) await this.save(snapshot);
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

/** @param saved steps of the newest checkpoint; 0: there is none */
const torn = (saved: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_UPDATE_TORN',
    operation: 'save a checkpoint',
    got: 'a thread that ended while it changed what the optimizer keeps',
    expected: 'a version that stands whole',
    hint: saved === 0 ? 'No step was saved before: begin anew.' : `The newest checkpoint is that of step ${saved}.`,
  });
