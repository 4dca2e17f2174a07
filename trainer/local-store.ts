// local-store.ts: the store of one process: ranges of the flat vector in shared memory, updated by the compute pool. The order of
// things is the step machine's; queued commands keep it, so that the host need not wait between computing and applying.

import { ShoalError } from '../base/errors.ts';
import { alignUp } from '../kernels/arena.ts';
import {
  type ContributionLayout,
  compact,
  expand,
  lengthOf,
  parametersOf,
  tensorsOf,
  trainedOf,
} from './contribution.ts';
import type { Pinned } from './executor.ts';
import { joined, parted } from './initialize.ts';
import type { AnyOptimizer, CommonConfig } from './optimizers/kind.ts';
import type { ComputePool } from './pool.ts';
import { allFinite, type Snapshot, type WeightsAt } from './snapshot.ts';
import { createStaging } from './staging.ts';
import {
  handleStep,
  type Schedule,
  type StepEvent,
  type StepState,
  type StopReason,
  startSteps,
  upcoming,
} from './step-machine.ts';
import type { Store } from './store.ts';
import { rootOf } from './tree.ts';
import { createUpdates, type QueuedUpdate, updatesBytes } from './updates.ts';
import type { Versions } from './versions.ts';
import type { Work } from './work.ts';

/** What the store tells while it runs; called in order. */
export interface StoreObserver {
  /** A step is applied; totals are the loss sum and the counts of its plan. */
  committed(work: Work, totals: readonly number[], epochEnd: boolean): void;
  /** A batch of an evaluation is counted. */
  counted(work: Work, totals: readonly number[], last: boolean): void;
  /** Whether anyone keeps versions. Where not, nothing is copied, and whether it is finite is asked of the last alone: both take time. */
  readonly saves: boolean;
  /** A version to keep, finite throughout; called where the observer saves. The run goes on when this settles; the copy is the observer's. */
  save(snapshot: Snapshot): Promise<void>;
  /** The loss of this work is not a number, and it was not applied; or the version that it reads is not, and was not saved. */
  notFinite(work: Work): Promise<void>;
}

export interface LocalStoreOptions {
  readonly pool: ComputePool;
  readonly versions: Versions;
  readonly contribution: ContributionLayout;
  readonly schedule: Schedule;
  readonly optimizer: AnyOptimizer;
  readonly optimizerConfig: CommonConfig;
  /** Into how many ranges the vector is cut: as many as there would be servers. Default 1. */
  readonly ranges?: number;
  /** Parts from another memory that one contribution may consist of; there is room for as many. Default 0. */
  readonly staging?: number;
  /** UpdatesOptions. */
  readonly joint?: ReadonlySet<string>;
  readonly start: Snapshot;
  readonly observer: StoreObserver;
  /** In place of the optimizer's learning rate, from the next step on; null: that. Default null. */
  readonly rate?: () => number | null;
}

export interface LocalStore extends Store {
  /** Stops opening work; what is open is finished and saved. */
  interrupt(reason?: 'interrupted' | 'early-stopping'): void;
  /** Why work() ended; null before. */
  readonly stopped: StopReason | null;
  /**
   * Whether the newest committed version can still be had. Not where a thread has died in the midst of the next update: slots are updated
   * in place. To be asked when close() has settled.
   */
  whole(): Promise<boolean>;
  /** The newest committed version: a copy; its weights alone, a copy; the optimizer's slots in pieces, where they lie. */
  snapshot(): Snapshot;
  weights(): WeightsAt;
  slots(): readonly Float32Array[];
}

/** Bytes that the store takes from the pool's arena, beside the versions. */
export function localStoreBytes(options: Parameters<typeof updatesBytes>[0] & { readonly staging: number }): number {
  return updatesBytes(options) + options.staging * alignUp(options.contribution.bytes + 512);
}

export function createLocalStore(options: LocalStoreOptions): LocalStore {
  const { start, ...rest } = options; // nothing that outlives this call may hold the start: it is as large as the weights
  const { pool, versions, contribution, schedule, observer, ranges = 1 } = rest;
  const { arena } = pool;
  const { f32 } = arena.views;
  const { microShards, depth } = schedule;
  const updates = createUpdates({ ...rest, ranges, microShards, depth });
  let state: StepState = startSteps(schedule);
  let stopped: StopReason | null = null;
  let failure: unknown = null;
  let settling: Promise<void> = Promise.resolve();
  let wake: (() => void) | null = null;
  let latest: Work | null = null;
  /** Queued, and not known to be done: in their order. */
  const queued: QueuedUpdate[] = [];

  const trained = trainedOf(versions.segments);
  const parameterCount = lengthOf(parametersOf(versions.segments));
  const vector = (address: number) => f32.subarray(address >>> 2, (address + versions.bytes) >>> 2);
  const slotAt = (slots: number, i: number) => {
    const address = slots + i * versions.slotBytes;
    return f32.subarray(address >>> 2, (address + versions.slotBytes) >>> 2);
  };
  function load(snapshot: Snapshot): void {
    const weights = joined(snapshot);
    const { parameters, slots } = versions.of(snapshot.version);
    // into the other copy too: no step writes what is frozen, or rests
    for (const copy of [versions.of(snapshot.version + 1).parameters, parameters])
      expand(versions.segments, weights, vector(copy));
    for (const [i, name] of versions.slots.entries()) expand(trained, snapshot.slots[name]!, slotAt(slots, i));
  }
  const newest = () => versions.of(state.committed);
  function weights(): WeightsAt {
    const flat = compact(versions.segments, vector(newest().parameters));
    return { version: state.committed, ...parted(flat, parameterCount) };
  }
  function snapshot(): Snapshot {
    const slot = (i: number) => compact(trained, slotAt(newest().slots, i));
    return { ...weights(), slots: Object.fromEntries(versions.slots.map((name, i) => [name, slot(i)])) };
  }
  const slots = () => versions.slots.flatMap((_, i) => tensorsOf(trained, slotAt(newest().slots, i)));
  const finiteThroughout = () => allFinite([...tensorsOf(versions.segments, vector(newest().parameters)), ...slots()]);
  load(start);

  const pins = [0, 1].map((i) => {
    const bytes = arena.views.u8.subarray(versions.of(i).parameters, versions.of(i).parameters + versions.bytes);
    return { bytes, release() {} };
  });

  /** Feeds the machine and does what it says. @returns the work that may be opened now */
  function step(event: StepEvent, totals: readonly number[] = []): Work | null {
    const result = handleStep(schedule, state, event);
    state = result.state;
    for (const action of result.actions) {
      if (action.kind === 'open') return action.work;
      if (action.kind === 'commit') {
        observer.committed(action.work, totals, action.epochEnd);
        latest = action.work;
      } else if (action.kind === 'counted') {
        observer.counted(action.work, totals, action.last);
        latest = action.work;
      } else if (action.kind === 'save') void save();
      else stopped = action.reason;
    }
    return null;
  }
  async function save(): Promise<void> {
    await null; // whoever asked for work first begins to wait
    try {
      const goesOn = state.next !== null && state.stopping === null;
      const finite = (goesOn && !observer.saves) || finiteThroughout();
      if (!finite) await observer.notFinite({ ...latest!, version: state.committed });
      else if (observer.saves) await observer.save(snapshot());
      step({ kind: 'saved', finite });
    } catch (error) {
      failure ??= error;
    } finally {
      wakeUp();
    }
  }
  function wakeUp(): void {
    wake?.();
    wake = null;
  }
  async function* work(unit: number, ahead: (likely: Iterable<Work>) => void, signal: AbortSignal) {
    if (2 ** rootOf(schedule.microShards).level < unit) throw unitError(unit, schedule.microShards);
    for (;;) {
      signal.throwIfAborted();
      if (failure) throw failure;
      const next = step({ kind: 'want' });
      if (next) {
        ahead(upcoming(schedule, next, state));
        yield next;
      } else if (stopped) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  const staging = createStaging(arena, rest.staging ?? 0, contribution.bytes);

  async function settle(update: QueuedUpdate, work: Work, read: Promise<void>): Promise<void> {
    try {
      await read; // whoever hears of the step finds its batch free again
      await pool.done(update.command);
      queued.shift();
      const totals = update.totals();
      const finite = Number.isFinite(totals[0]);
      const first = !finite && state.stopping !== 'not-finite';
      step({ kind: 'settled', work, finite }, totals);
      if (first) await observer.notFinite(work);
    } catch (error) {
      failure ??= error;
    } finally {
      wakeUp();
    }
  }

  return {
    work,
    async pin(version): Promise<Pinned> {
      return { version, ready: settling, ...pins[version % 2]! };
    },
    async contribute(work, contributed) {
      const update = await updates.submit(work, await staging.bring(contributed, settling));
      queued.push(update);
      settling = settling.then(() => settle(update, work, contributed.ready));
    },
    interrupt(reason = 'interrupted') {
      step({ kind: 'interrupt', reason });
      wakeUp();
    },
    get stopped() {
      return stopped;
    },
    async whole() {
      await pool.ended();
      return !queued.some(({ veto }) => veto !== null && pool.begun(veto));
    },
    snapshot,
    weights,
    slots,
    async close() {
      await settling;
    },
  };
}

const unitError = (unit: number, microShards: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_UNIT',
    operation: 'hand out work',
    got: `${microShards} micro-shards`,
    expected: `at least ${unit}, which this executor computes at once`,
    hint: 'Raise microShards in the job.',
  });
