// local-store.ts: the store of one process: ranges of the flat vector in shared memory, updated by the compute pool. The order of
// things is the step machine's; queued commands keep it, so that the host need not wait between computing and applying.

import { ShoalError } from '../base/errors.ts';
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import { type Contribution, type ContributionLayout, compact, expand, type Part } from './contribution.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Pinned } from './executor.ts';
import type { OptimizerKind } from './optimizers/kind.ts';
import { PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import type { ComputePool, EncodedCalls } from './pool.ts';
import { type Range, rangesOf } from './ranges.ts';
import {
  handleStep,
  type Schedule,
  type StepEvent,
  type StepState,
  type StopReason,
  startSteps,
} from './step-machine.ts';
import type { Store } from './store.ts';
import { reduceProgram, rootOf } from './tree.ts';
import type { Versions } from './versions.ts';
import { activeLeaves, rowsOf, type Work } from './work.ts';

/** Everything that a step changes, in compact form: what a checkpoint holds and hashes are taken of. */
export interface Snapshot {
  readonly version: number;
  readonly parameters: Float32Array;
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** What the store tells while it runs; called in order. */
export interface StoreObserver {
  /** A step is applied; totals are the loss sum and the counts of its plan. */
  committed(work: Work, totals: readonly number[], epochEnd: boolean): void;
  /** A batch of an evaluation is counted. */
  counted(work: Work, totals: readonly number[], last: boolean): void;
  /** Whether anyone keeps versions. Where not, only the last is looked at: copying and checking them takes time. */
  readonly saves: boolean;
  /** A version to keep, finite throughout. The run goes on when this settles; the copy is the observer's. */
  save(snapshot: Snapshot): Promise<void>;
  /** The loss of this work is not a number, and it was not applied; or the version that it reads is not, and was not saved. */
  notFinite(work: Work): Promise<void>;
}

export interface LocalStoreOptions {
  readonly pool: ComputePool;
  readonly versions: Versions;
  readonly contribution: ContributionLayout;
  readonly schedule: Schedule;
  readonly optimizer: OptimizerKind<unknown>;
  readonly optimizerConfig: unknown;
  /** Into how many ranges the vector is cut: as many as there would be servers. Default 1. */
  readonly ranges?: number;
  /** Parts from another memory that one contribution may consist of; there is room for as many. Default 0. */
  readonly staging?: number;
  readonly start: Snapshot;
  readonly observer: StoreObserver;
}

export interface LocalStore extends Store {
  /** Stops opening work; what is open is finished and saved. */
  interrupt(): void;
  /** Why work() ended; null before. */
  readonly stopped: StopReason | null;
  /** The newest committed version. */
  snapshot(): Snapshot;
}

/** Whether no number of a version is NaN or infinite: one that is must never become a checkpoint. */
export function allFinite({ parameters, slots }: Snapshot): boolean {
  for (const vector of [parameters, ...Object.values(slots)])
    for (let i = 0; i < vector.length; i++) if (!Number.isFinite(vector[i]!)) return false;
  return true;
}

const TOTALS_AT = 64; // bytes: after the f32 scalars
const SCALARS_AT = 4 * BINDING.words; // bytes, in a record
const STEP = BINDING.base + SPACES.indexOf('step');

/** Bindings, scalars and totals, and a reduce program over at most one part a leaf. */
const recordBytes = (contribution: ContributionLayout, microShards: number): number =>
  SCALARS_AT + alignUp(TOTALS_AT + 8 * contribution.scalars) + 4 * (1 + 2 * microShards);

export interface UpdateOptions extends Pick<LocalStoreOptions, 'optimizer' | 'optimizerConfig'> {
  /** Where each tensor lies in a vector of `bytes`. */
  readonly versions: Pick<Versions, 'segments' | 'bytes'>;
}

/** The optimizer's calls, one a tensor: of this store's vector, or of the range that a server owns. */
export function updateCalls({ versions, optimizer, optimizerConfig }: UpdateOptions): readonly PlanCall[] {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  for (const segment of versions.segments) {
    build.layer = segment.path;
    const at = 4 * segment.at;
    optimizer.update(optimizerConfig, {
      build,
      count: segment.length,
      partAt: at,
      p: { space: 'parameters', at },
      nextP: { space: 'next', at },
      slot: (i) => ({ space: 'slots', at: i * versions.bytes + at }),
      nextSlot: (i) => ({ space: 'nextSlots', at: i * versions.bytes + at }),
      scalars: { space: 'step', at: 0 },
    });
  }
  return build.finish().calls;
}

function totalsCalls({ contribution }: { readonly contribution: ContributionLayout }): readonly PlanCall[] {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  build.layer = 'totals';
  const { scalarsAt: partAt, scalars: count } = contribution;
  build.call('reduce_f64', { out: { space: 'step', at: TOTALS_AT } }, { partAt, count }, {});
  return build.finish().calls;
}

export interface StoreSizes {
  readonly depth: number;
  readonly ranges: number;
  readonly microShards: number;
  readonly staging: number;
}

/** Bytes that the store takes from the pool's arena, beside the versions. */
export function localStoreBytes(
  options: Pick<LocalStoreOptions, 'versions' | 'contribution' | 'optimizer' | 'optimizerConfig'>,
  { depth, ranges, microShards, staging }: StoreSizes,
): number {
  const encoded = encodedBytes(updateCalls(options)) * ranges + encodedBytes(totalsCalls(options));
  return (
    encoded +
    2 * alignUp(4 * BINDING.words + 512) +
    staging * alignUp(options.contribution.bytes + 512) +
    (depth + 2) * alignUp(recordBytes(options.contribution, microShards) + 512)
  );
}

export function createLocalStore(options: LocalStoreOptions): LocalStore {
  const { pool, versions, contribution, schedule, observer, start } = options;
  const { arena } = pool;
  const { i32, f32, f64 } = arena.views;
  const updates = updateCalls(options);
  const ranges: readonly EncodedCalls[] = rangesOf(versions.segments, options.ranges ?? 1).map((range: Range) => {
    const own = updates.map((_, i) => i).filter((i) => range[i]!.from < range[i]!.to);
    return encodeCalls(
      arena,
      own.map((i) => updates[i]!),
      own.map((i) => range[i]!),
    );
  });
  const totals = encodeCalls(arena, totalsCalls(options));
  const records = Array.from({ length: schedule.depth + 2 }, () =>
    arena.take(recordBytes(contribution, schedule.microShards)),
  );
  let turn = 0;
  let state: StepState = startSteps(schedule);
  let stopped: StopReason | null = null;
  let failure: unknown = null;
  let settling: Promise<void> = Promise.resolve();
  let wake: (() => void) | null = null;
  let newest: Work | null = null;

  const vector = (address: number) => f32.subarray(address >>> 2, (address + versions.bytes) >>> 2);
  function load(snapshot: Snapshot): void {
    const { parameters, slots } = versions.of(snapshot.version);
    expand(versions.segments, snapshot.parameters, vector(parameters));
    versions.slots.forEach((name, i) => {
      expand(versions.segments, snapshot.slots[name]!, vector(slots + i * versions.bytes));
    });
  }
  function snapshot(): Snapshot {
    const { parameters, slots } = versions.of(state.committed);
    const copy = (address: number) => compact(versions.segments, vector(address));
    return {
      version: state.committed,
      parameters: copy(parameters),
      slots: Object.fromEntries(versions.slots.map((name, i) => [name, copy(slots + i * versions.bytes)])),
    };
  }
  load(start);

  const pins = [0, 1].map((i) => {
    const bytes = arena.views.u8.subarray(versions.of(i).parameters, versions.of(i).parameters + versions.bytes);
    return { bytes, release() {} };
  });

  /** Feeds the machine and does what it says. @returns the work that may be opened now */
  function step(event: StepEvent, recordAt?: number): Work | null {
    const result = handleStep(schedule, state, event);
    state = result.state;
    for (const action of result.actions) {
      if (action.kind === 'open') return action.work;
      if (action.kind === 'commit') {
        observer.committed(action.work, totalsAt(recordAt!), action.epochEnd);
        newest = action.work;
      } else if (action.kind === 'counted') {
        observer.counted(action.work, totalsAt(recordAt!), action.last);
        newest = action.work;
      } else if (action.kind === 'save') void save();
      else stopped = action.reason;
    }
    return null;
  }
  async function save(): Promise<void> {
    await null; // whoever asked for work first begins to wait
    try {
      if (!observer.saves && state.next !== null && state.stopping === null) {
        step({ kind: 'saved', finite: true });
        return;
      }
      const copy = snapshot();
      const finite = allFinite(copy);
      if (finite) await observer.save(copy);
      else await observer.notFinite({ ...newest!, version: copy.version });
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
  const totalsAt = (record: number): number[] => {
    const at = (record + SCALARS_AT + TOTALS_AT) >>> 3;
    return [...f64.subarray(at, at + contribution.scalars)];
  };

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

  /** Bindings for a step from each of the two copies; records begin as one of them. */
  const templates = [0, 1].map((i) => {
    const at = arena.take(4 * BINDING.words);
    const now = versions.of(i);
    const next = versions.of(i + 1);
    const bases: Partial<Record<Space, number>> = {
      parameters: now.parameters,
      slots: now.slots,
      next: next.parameters,
      nextSlots: next.slots,
    };
    for (const [space, base] of Object.entries(bases)) i32[(at >>> 2) + SPACES.indexOf(space as Space)] = base;
    return at >>> 2;
  });

  function writeRecord(record: number, work: Work, parts: readonly Part[]): void {
    const word = record >>> 2;
    const scalars = record + SCALARS_AT;
    const template = templates[work.version % 2]!;
    const reduce = scalars + alignUp(TOTALS_AT + 8 * contribution.scalars);
    i32.copyWithin(word, template, template + BINDING.words);
    i32[word + STEP] = scalars;
    i32[word + BINDING.reduce] = reduce;
    i32.set(programOf(parts, work), reduce >>> 2);
    f32[scalars >>> 2] = rowsOf(work);
    f32.set(options.optimizer.scalars(options.optimizerConfig, work.step + 1), (scalars >>> 2) + 1);
  }
  const programs = new WeakMap<readonly Part[], Int32Array>();
  /** The reduce program (kernels/abi.ts) that adds these parts; an executor gives the same list again and again. */
  function programOf(parts: readonly Part[], work: Work): Int32Array {
    let words = programs.get(parts);
    if (!words) {
      const nodes = parts.map((part) => part.node);
      const program = reduceProgram(nodes, activeLeaves(work), work.node);
      words = Int32Array.from([program.length, ...program.map((e) => (e === '+' ? 0 : parts[e]!.bytes.byteOffset))]);
      programs.set(parts, words);
    }
    return words;
  }

  const staging = Array.from({ length: options.staging ?? 0 }, () => arena.take(contribution.bytes));
  /** Parts that lie in another memory are copied into this one: that must wait until they stand. */
  async function brought(contributed: Contribution): Promise<readonly Part[]> {
    const { parts } = contributed;
    if (parts.every((part) => part.bytes.buffer === arena.memory.buffer)) return parts;
    if (parts.length > staging.length) throw stagingError(parts.length, staging.length);
    await Promise.all([contributed.ready, settling]); // settling: the parts before these are read
    return parts.map((part, i) => {
      const at = staging[i]!;
      arena.views.u8.set(part.bytes, at);
      return { node: part.node, bytes: arena.views.u8.subarray(at, at + contribution.bytes) };
    });
  }

  async function settle(command: number, record: number, work: Work, read: Promise<void>): Promise<void> {
    try {
      await read; // whoever hears of the step finds its batch free again
      await pool.done(command);
      const at = (record + SCALARS_AT + TOTALS_AT) >>> 3;
      const finite = Number.isFinite(f64[at]!);
      const first = !finite && state.stopping !== 'not-finite';
      step({ kind: 'settled', work, finite }, record);
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
      const parts = await brought(contributed);
      const record = records[turn++ % records.length]!;
      writeRecord(record, work, parts);
      await pool.room(2 + ranges.length);
      let command = pool.everywhere(totals, record);
      if (work.kind === 'gradient') {
        pool.veto(record + SCALARS_AT + TOTALS_AT);
        for (const range of ranges) command = pool.calls(range, record, true);
      }
      settling = settling.then(() => settle(command, record, work, contributed.ready));
    },
    interrupt() {
      step({ kind: 'interrupt' });
      wakeUp();
    },
    get stopped() {
      return stopped;
    },
    snapshot,
    async close() {
      await settling;
    },
  };
}

/** A piece of work and those that follow it, as far as the data pool may read ahead. Costs nothing until it is walked. */
function* upcoming(schedule: Schedule, first: Work, state: StepState): Iterable<Work> {
  yield first;
  // a look at the same machine with nothing open and nothing to save
  let look: StepState = { ...state, open: 0, due: false, saving: false, stopping: null };
  for (;;) {
    const { state: after, actions } = handleStep(schedule, look, { kind: 'want' });
    const [action] = actions;
    if (action?.kind !== 'open') return;
    yield action.work;
    look = { ...after, open: 0, due: false };
  }
}

const stagingError = (parts: number, room: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_STAGING',
    operation: 'bring sums from another memory',
    got: `a contribution of ${parts} parts`,
    expected: `at most ${room}, for which there is room`,
    hint: 'Give the store more staging when it is made.',
  });

const unitError = (unit: number, microShards: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_UNIT',
    operation: 'hand out work',
    got: `${microShards} micro-shards`,
    expected: `at least ${unit}, which this executor computes at once`,
    hint: 'Raise microShards in the job.',
  });
