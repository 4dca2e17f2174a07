// coordinator-keeper.ts: versions out of the servers into the run's folder, and from there back to them. When that is: commit.ts.
import { type Problem, toWire } from '../base/errors.ts';
import type { RunEvent } from '../trainer/events.ts';
import type { Narrator } from '../trainer/narrator.ts';
import { slotNames } from '../trainer/optimizers/kind.ts';
import { RUN } from '../trainer/run-folder.ts';
import type { RunRecorder } from '../trainer/run-recorder.ts';
import { allFinite, firstSnapshot, numbersOf, type Snapshot } from '../trainer/snapshot.ts';
import { writeProblem } from '../trainer/write-error.ts';
import { readSnapshot, usableCheckpoint } from './coordinator-files.ts';
import type { Setup } from './coordinator-setup.ts';
import type { Checkpoint, CoordinatorEvent } from './coordinator-types.ts';
import { type Dumping, startDump, vectorsOf } from './dump.ts';
import { failpoint } from './failpoints.ts';
import type { Bulk, FlatRange, Term } from './messages.ts';
import type { Sender } from './sender.ts';

export interface KeeperOptions extends Pick<Setup, 'job' | 'log' | 'from' | 'prepared' | 'decisions'> {
  /** The run's folder. */
  readonly path: string;
  readonly recorder: RunRecorder;
  readonly narrator: Narrator;
  /** Whether this save is the run's last. */
  readonly final: () => boolean;
  readonly emit: (event: RunEvent) => void;
  /** A version was kept, or not. */
  readonly dumped: (event: Dumped) => void;
}

export type Dumped = Extract<CoordinatorEvent, { readonly kind: 'dumped' }>;

export interface Keeper {
  /** Takes note of what the recorder says it wrote, or could not. */
  told(event: RunEvent): void;
  /** The values of a checkpoint: those at hand, or from its files. @throws SHOAL_CHECKPOINT_* */
  valuesOf(checkpoint: Checkpoint): Promise<Snapshot>;
  /** Sends a server its range. @returns an older checkpoint that can be read where this one cannot; else null */
  load(to: () => Sender | undefined, term: Term, checkpoint: Checkpoint, range: FlatRange): Promise<Checkpoint | null>;
  /** From now on dumps of this version are collected; once whole it is written, and `dumped` is called. */
  collect(term: Term, version: number): void;
  forget(): void;
  take(bulk: Bulk): void;
  /** The newest version that was whole and finite. */
  readonly newest: Snapshot | null;
  /** Resolves when nothing is being written. */
  settled(): Promise<void>;
}

export function createKeeper(options: KeeperOptions): Keeper {
  const { job, log, path, recorder, narrator, emit, decisions } = options;
  const { segments, optimizer, optimizerConfig } = options.prepared;
  const slots = slotNames(optimizer, optimizerConfig);
  let newest: Snapshot | null = options.from?.snapshot ?? null;
  let dumping: Dumping | null = null;
  let saving: Promise<void> = Promise.resolve();
  let written: string | null = null; // path of the checkpoint that the recorder has told of last
  let notWritten: Problem | null = null;

  async function valuesOf(checkpoint: Checkpoint): Promise<Snapshot> {
    if (newest?.version === checkpoint.version) return newest;
    if (checkpoint.path === null) return firstSnapshot(job);
    return readSnapshot(job, checkpoint.path);
  }

  /** Keeps a version that has come from all servers. */
  async function keep(term: Term, snapshot: Snapshot): Promise<void> {
    const finite = allFinite(numbersOf(snapshot));
    const at = snapshot.version;
    written = notWritten = null;
    if (finite) {
      newest = snapshot;
      decisions.keep(snapshot);
      try {
        failpoint('before checkpoint');
        log.sync();
        failpoint('checkpoint: log synced');
        await recorder.save(snapshot, { ...narrator.saveInfo(at), final: options.final() });
        failpoint('after checkpoint');
        if (written !== null) narrator.saved(at);
      } catch (error) {
        emit({ event: 'problem', problem: writeProblem(error, `write ${path}/${RUN.commits}`), fatal: false });
      }
    }
    options.dumped({ kind: 'dumped', term, version: at, finite, path: written, problem: written ? null : notWritten });
  }

  return {
    told(event) {
      if (event.event === 'checkpoint') written = event.path;
      if (event.event === 'problem') notWritten = event.problem;
    },
    valuesOf,
    async load(to, term, checkpoint, range) {
      try {
        const vectors = vectorsOf(await valuesOf(checkpoint), slots, segments);
        to()?.drop(); // asked again: from the first
        for (const [vector, values] of vectors.entries()) {
          const name = { type: 'load', term, step: checkpoint.version, node: null, vector } as const;
          to()?.send('load', name, range, values.subarray(range.from, range.to));
        }
        return null;
      } catch (error) {
        emit({ event: 'problem', problem: toWire(error), fatal: false });
        const older = await usableCheckpoint(job, path, null, checkpoint.version - 1);
        return { version: older?.snapshot.version ?? 0, path: older?.path ?? null };
      }
    },
    collect(term, version) {
      dumping = startDump(term, version, slots, segments, newest ?? firstSnapshot(job));
    },
    forget() {
      dumping = null;
    },
    take(bulk) {
      if (bulk.type !== 'dump' || bulk.term !== dumping?.term || bulk.step !== dumping.version) return;
      const snapshot = dumping.take(bulk);
      if (!snapshot) return;
      const { term } = dumping;
      dumping = null;
      saving = saving.then(() => keep(term, snapshot));
    },
    get newest() {
      return newest;
    },
    settled: () => saving,
  };
}
