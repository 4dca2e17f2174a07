// updates.ts: the queue of updates: for each piece of work, the kernel calls that add its sums in the tree and, for a gradient, update the
// parameters. It writes what they need and submits them; when they run, and what follows, is the store's business.
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import { type ContributionLayout, changingOf, type Part } from './contribution.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Segment } from './model.ts';
import { type AnyOptimizer, type CommonConfig, decayOf, scalarsOf } from './optimizers/kind.ts';
import { PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import type { ComputePool, EncodedCalls } from './pool.ts';
import { type Range, rangesOf } from './ranges.ts';
import { BLOCK_BYTES, blocksOf, factorsOf } from './rates.ts';
import { reduceProgram } from './tree.ts';
import type { Versions } from './versions.ts';
import { activeLeaves, rowsOf, type Work } from './work.ts';

export interface UpdateOptions {
  /** Where each tensor lies in a vector of `bytes`. */
  readonly versions: Pick<Versions, 'segments' | 'slotBytes'>;
  readonly optimizer: AnyOptimizer;
  readonly optimizerConfig: CommonConfig;
}

export interface UpdatesOptions extends UpdateOptions {
  readonly pool: ComputePool;
  readonly versions: Versions;
  readonly contribution: ContributionLayout;
  /** Into how many ranges the vector is cut: as many as there would be servers. */
  readonly ranges: number;
  readonly microShards: number;
  /** Pieces of work under way at most. */
  readonly depth: number;
  /** LocalStoreOptions. */
  readonly rate?: () => number | null;
}

/** A piece of work whose sums are queued to be added, and applied where they are a gradient. */
export interface QueuedUpdate {
  /** The last of its commands. */
  readonly command: number;
  /** The loss sum and the counts; they stand when the command is done. */
  totals(): number[];
}

export interface Updates {
  /** Queues the adding of the parts, and the update. Sums of a loss that is not finite are not applied, nor is anything after them. */
  submit(work: Work, parts: readonly Part[]): Promise<QueuedUpdate>;
}

const SCALARS_AT = 4 * BINDING.words; // bytes, in a record
const STEP = BINDING.base + SPACES.indexOf('step');

/** Bindings, scalars and totals, and a reduce program over at most one part a leaf, and the penalties. */
const recordBytes = (contribution: ContributionLayout, microShards: number): number =>
  SCALARS_AT + alignUp(totalsAt(contribution) + 8 * contribution.scalars) + 4 * (3 + 2 * microShards);
/** Byte offset of the totals: after the f32 numbers of each factor (rates.ts). */
const totalsAt = ({ segments }: Pick<ContributionLayout, 'segments'>): number =>
  BLOCK_BYTES * factorsOf(segments).length;

/** Whether some of these weights have a penalty that counts. */
export const penalized = (segments: readonly Segment[]): boolean => changingOf(segments).some((s) => s.penalty);

/**
 * A reduce program with the penalties as one more part, added last: whoever reads the sums of a gradient then finds them in it, once a
 * step, whoever computed the rest. The part has zeros where nothing has a penalty, and for scalars.
 */
export const withPenalties = (program: readonly number[], penalties: number | null): readonly number[] =>
  penalties === null ? program : [...program, penalties, 0];

/** Kernels whose tiles are not the blocks of ranges: they need a tensor whole. */
const OF_TENSORS: ReadonlySet<string> = new Set(['limit_norm']);

/** A call of an update. */
export interface UpdateCall {
  readonly call: PlanCall;
  /** Its tensor, by its place among those that a step changes. */
  readonly tensor: number;
  /** It covers the tensor; else its tiles are the blocks that ranges are cut at. */
  readonly whole: boolean;
}

/**
 * The calls for each tensor in order: the gradient of its penalty, the optimizer's or that of a moving statistic, its constraint. Of this
 * store's vector, or of the range that a server owns.
 */
export function updateCalls(options: UpdateOptions): readonly UpdateCall[] {
  const places = new Map(changingOf(options.versions.segments).map(({ path }, i) => [path, i]));
  return planCalls(options).map((call) => ({
    call,
    tensor: places.get(call.layer)!,
    whole: OF_TENSORS.has(call.arguments.kernel),
  }));
}

function planCalls({ versions, optimizer, optimizerConfig }: UpdateOptions): readonly PlanCall[] {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  const factors = factorsOf(versions.segments);
  for (const segment of changingOf(versions.segments)) {
    build.layer = segment.path;
    const at = 4 * segment.at;
    if (segment.state) {
      moveStatistic(build, segment, segment.state.momentum!);
      continue;
    }
    if (segment.penalty) {
      const operands = {
        p: { space: 'parameters', at },
        scalars: { space: 'step', at: 0 },
        out: { space: 'penalties', at },
      } as const;
      build.call(
        'penalty_gradient',
        operands,
        { count: segment.length },
        { ...segment.penalty },
        { independent: true },
      );
    }
    optimizer.update(optimizerConfig, {
      build,
      count: segment.length,
      partAt: at,
      p: { space: 'parameters', at },
      nextP: { space: 'next', at },
      slot: (i) => ({ space: 'slots', at: i * versions.slotBytes + at }),
      nextSlot: (i) => ({ space: 'nextSlots', at: i * versions.slotBytes + at }),
      scalars: { space: 'step', at: BLOCK_BYTES * factors.indexOf(segment.rate ?? 1) },
      weightDecay: decayOf(optimizerConfig, segment.path),
    });
    constrain(build, segment);
  }
  return build.finish().calls;
}

/** Brings the next version of a tensor within its bounds, in place. */
function constrain(build: PlanBuilder, { at, length, constraint }: Segment): void {
  const w = { space: 'next', at: 4 * at } as const;
  if (constraint?.kind === 'sign') build.call('limit_sign', { w }, { count: length }, {}, { independent: true });
  if (constraint?.kind !== 'norm') return;
  const { outer, K, inner, floor, ceiling, rate } = constraint;
  build.call('limit_norm', { w }, { outer, K, inner }, { floor, ceiling, rate }); // not independent: it reads all of the tensor
}

/** Keras': what a step leaves of a moving statistic, and the mean over its rows. */
function moveStatistic(build: PlanBuilder, { at, length }: Segment, momentum: number): void {
  const operands = {
    p: { space: 'parameters', at: 4 * at },
    nextP: { space: 'next', at: 4 * at },
    scalars: { space: 'step', at: 0 },
  } as const;
  const floats = { momentum, oneMinusMomentum: 1 - momentum };
  build.call('moving_average', operands, { count: length, partAt: 4 * at }, floats, { independent: true });
}

function totalsCalls({ contribution }: { readonly contribution: ContributionLayout }): readonly PlanCall[] {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  build.layer = 'totals';
  const { scalarsAt: partAt, scalars: count } = contribution;
  build.call('reduce_f64', { out: { space: 'step', at: totalsAt(contribution) } }, { partAt, count }, {});
  return build.finish().calls;
}

/** Bytes that createUpdates takes from the pool's arena. */
export function updatesBytes(
  options: UpdateOptions & Pick<UpdatesOptions, 'contribution' | 'ranges' | 'microShards' | 'depth'>,
): number {
  const { contribution, ranges, microShards, depth } = options;
  return (
    encodedBytes(planCalls(options)) * ranges +
    (penalized(options.versions.segments) ? alignUp(contribution.bytes + 512) : 0) +
    encodedBytes(totalsCalls(options)) +
    2 * alignUp(4 * BINDING.words + 512) +
    (depth + 2) * alignUp(recordBytes(contribution, microShards) + 512)
  );
}

export function createUpdates(options: UpdatesOptions): Updates {
  const { pool, versions, contribution, microShards, depth } = options;
  const { arena } = pool;
  const { i32, f32, f64 } = arena.views;
  const updates = updateCalls(options);
  const ranges: readonly EncodedCalls[] = rangesOf(changingOf(versions.segments), options.ranges).map(
    (range: Range) => {
      const own = updates.filter(({ tensor }) => range[tensor]!.from < range[tensor]!.to);
      return encodeCalls(
        arena,
        own.map(({ call }) => call),
        own.map(({ tensor, whole }) => (whole ? null : range[tensor]!)),
      );
    },
  );
  const totals = encodeCalls(arena, totalsCalls(options));
  const records = Array.from({ length: depth + 2 }, () => arena.take(recordBytes(contribution, microShards)));
  const penalties = penalized(versions.segments) ? arena.take(contribution.bytes) : null; // zeros at first
  const factors = factorsOf(contribution.segments);
  const totals64 = totalsAt(contribution);
  let turn = 0;

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
      ...(penalties !== null && { penalties }),
    };
    for (const [space, base] of Object.entries(bases)) i32[(at >>> 2) + SPACES.indexOf(space as Space)] = base;
    return at >>> 2;
  });

  function writeRecord(record: number, work: Work, parts: readonly Part[]): void {
    const word = record >>> 2;
    const scalars = record + SCALARS_AT;
    const template = templates[work.version % 2]!;
    const reduce = scalars + alignUp(totals64 + 8 * contribution.scalars);
    i32.copyWithin(word, template, template + BINDING.words);
    i32[word + STEP] = scalars;
    i32[word + BINDING.reduce] = reduce;
    i32.set(programOf(parts, work), reduce >>> 2);
    const { optimizer, optimizerConfig } = options;
    const base = [rowsOf(work), ...scalarsOf(optimizer, optimizerConfig, work.step + 1, options.rate?.())];
    for (const [i, block] of blocksOf(optimizer, optimizerConfig, base, factors, work.step + 1).entries())
      f32.set(block, (scalars + i * BLOCK_BYTES) >>> 2);
  }
  const programs = new WeakMap<readonly Part[], Int32Array>();
  /** The reduce program (kernels/abi.ts) that adds these parts; an executor gives the same list again and again. */
  function programOf(parts: readonly Part[], work: Work): Int32Array {
    let words = programs.get(parts);
    if (!words) {
      const nodes = parts.map((part) => part.node);
      const program = reduceProgram(nodes, activeLeaves(work), work.node);
      const added = program.map((e) => (e === '+' ? 0 : parts[e]!.bytes.byteOffset));
      const all = withPenalties(added, penalties);
      words = Int32Array.from([all.length, ...all]);
      programs.set(parts, words);
    }
    return words;
  }

  return {
    async submit(work, parts) {
      const record = records[turn++ % records.length]!;
      const at = record + SCALARS_AT + totals64;
      writeRecord(record, work, parts);
      await pool.room(2 + ranges.length);
      let command = pool.everywhere(totals, record);
      if (work.kind === 'gradient') {
        pool.veto(at);
        for (const range of ranges) command = pool.calls(range, record, true);
      }
      return { command, totals: () => [...f64.subarray(at >>> 3, (at >>> 3) + contribution.scalars)] };
    },
  };
}
