// updates.ts: the queue of updates: for each piece of work, the kernel calls that add its sums in the tree and, for a gradient, update the
// parameters. It writes what they need and submits them; when they run, and what follows, is the store's business.
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import { callsOf, inOrder, ofRange, step } from './call-lists.ts';
import type { ContributionLayout, Part, Sums } from './contribution.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { PlanCall } from './plan-builder.ts';
import type { ComputePool, EncodedCalls } from './pool.ts';
import { rangesOf } from './ranges.ts';
import type { Schedule } from './step-machine.ts';
import { BLOCK_BYTES, blocksOf, scalarsOf, updatesAt } from './step-scalars.ts';
import { reduceProgram } from './tree.ts';
import {
  allCalls,
  penalized,
  type UpdateOptions,
  type UpdateProgram,
  updateProgram,
  withPenalties,
} from './update-program.ts';
import type { Versions } from './versions.ts';
import { activeLeaves, type Work } from './work.ts';

export interface UpdatesOptions extends UpdateOptions {
  readonly pool: ComputePool;
  readonly versions: Versions;
  readonly contribution: ContributionLayout;
  /** Into how many ranges the vector is cut: as many as there would be servers. */
  readonly ranges: number;
  readonly microShards: number;
  /** Full names of tensors whose sums stand where a contribution's `joint` says. Default: none. */
  readonly joint?: ReadonlySet<string>;
  /** Pieces of work under way at most. */
  readonly depth: number;
  readonly schedule: Pick<Schedule, 'samples' | 'batch'>;
  /** LocalStoreOptions. */
  readonly rate?: () => number | null;
}

/** A piece of work whose sums are queued to be added, and applied where they are a gradient. */
export interface QueuedUpdate {
  /** The last of its commands. */
  readonly command: number;
  /** The veto behind which weights are changed, and what the optimizer keeps, in place; null where nothing is. */
  readonly veto: number | null;
  /** The loss sum and the counts; they stand when the command is done. */
  totals(): number[];
}

export interface Updates {
  /** Queues the adding of the parts, and the update. Sums of a loss that is not finite are not applied, nor is anything after them. */
  submit(work: Work, sums: Sums): Promise<QueuedUpdate>;
}

const SCALARS_AT = 4 * BINDING.words; // bytes, in a record
const STEP = BINDING.base + SPACES.indexOf('step');

/** Words of a reduce program over at most one part a leaf, and the penalties. */
const programWords = (microShards: number): number => 3 + 2 * microShards;
/** Of the program of joint sums: one part, and the penalties. */
const JOINT_WORDS = 4;
/** Bindings, scalars and totals, that program, and a reduce program. */
const recordBytes = (program: UpdateProgram, { scalars }: ContributionLayout, microShards: number): number =>
  SCALARS_AT + alignUp(program.bytes + 8 * scalars) + 4 * (JOINT_WORDS + programWords(microShards));

function totalsCalls(program: UpdateProgram, contribution: ContributionLayout): readonly PlanCall[] {
  const { scalarsAt: partAt, scalars: count } = contribution;
  const out = step(program.bytes);
  return callsOf((build) => build.call('reduce_f64', { out }, { partAt, count }, {}), 'totals');
}

/** Bytes that createUpdates takes from the pool's arena. */
export function updatesBytes(
  options: UpdateOptions & Pick<UpdatesOptions, 'contribution' | 'ranges' | 'microShards' | 'depth'>,
): number {
  const { contribution, ranges, microShards, depth } = options;
  const program = updateProgram(options);
  const encoded = allCalls(program).map((calls) => encodedBytes(calls) * ranges);
  return (
    encoded.reduce((sum, bytes) => sum + bytes, encodedBytes(totalsCalls(program, contribution))) +
    (penalized(options.versions.segments) ? alignUp(contribution.bytes + 512) : 0) +
    2 * alignUp(4 * BINDING.words + 512) +
    (depth + 2) * alignUp(recordBytes(program, contribution, microShards) + 512)
  );
}

export function createUpdates(options: UpdatesOptions): Updates {
  const { pool, versions, contribution, microShards, depth } = options;
  const { arena } = pool;
  const { i32, f32, f64 } = arena.views;
  const program = updateProgram(options);
  const ranges = rangesOf(program.segments, options.ranges);
  const encoded = (lists: UpdateProgram['apply']): readonly EncodedCalls[] =>
    ranges.map((range) => {
      const { calls, tiles, segments } = ofRange(lists, range);
      const joint = segments.map((i) => options.joint?.has(program.segments[i]!.path) ?? false);
      return encodeCalls(arena, calls, { ranges: tiles, joint });
    });
  const rounds = program.rounds.map(({ measure, trees, scale }) => ({
    measure: encoded(measure),
    join: encodeCalls(arena, inOrder([trees, ...scale])),
  }));
  const apply = encoded(program.apply);
  const gather = encoded(program.gather);
  const totals = encodeCalls(arena, totalsCalls(program, contribution));
  const records = Array.from({ length: depth + 2 }, () => arena.take(recordBytes(program, contribution, microShards)));
  const penalties = penalized(versions.segments) ? arena.take(contribution.bytes) : null; // zeros at first
  const totalsAt = program.bytes;
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
    if (program.accumulator !== null)
      i32[(at >>> 2) + BINDING.carried] = now.slots + program.accumulator * versions.slotBytes;
    return at >>> 2;
  });

  function writeRecord(record: number, work: Work, { parts, joint }: Sums): void {
    const word = record >>> 2;
    const scalars = record + SCALARS_AT;
    const template = templates[work.version % 2]!;
    const alone = scalars + alignUp(totalsAt + 8 * contribution.scalars);
    const reduce = alone + 4 * JOINT_WORDS;
    i32.copyWithin(word, template, template + BINDING.words);
    i32[word + STEP] = scalars;
    i32[word + BINDING.reduce] = reduce;
    i32.set(programOf(parts, work), reduce >>> 2);
    if (work.kind === 'evaluate') return;
    if (joint !== undefined) {
      const program = withPenalties([joint], penalties);
      i32.set([program.length, ...program], alone >>> 2);
      i32[word + BINDING.joint] = alone;
    }
    const { optimizer, optimizerConfig, schedule } = options;
    const numbers = scalarsOf(optimizer, optimizerConfig, schedule, work.step + 1, options.rate?.());
    for (const [i, block] of blocksOf(optimizer, optimizerConfig, numbers, program.paces, work.step + 1).entries())
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

  /** Norms are measured by the owners of blocks, then joined by tensor, in rounds; then everything is updated. @returns the last command */
  function queue(work: Work, record: number): number {
    let command = 0;
    /** What comes first waits for what was queued before; the others write elsewhere. */
    const inRanges = (calls: readonly EncodedCalls[], waits: boolean) => {
      for (const [i, range] of calls.entries()) command = pool.calls(range, record, !(waits && i === 0));
    };
    if (!updatesAt(options.optimizerConfig, work.step + 1)) {
      inRanges(gather, false);
      return command;
    }
    for (const [i, { measure, join }] of rounds.entries()) {
      inRanges(measure, i > 0);
      pool.calls(join, record);
    }
    inRanges(apply, rounds.length > 0);
    return command;
  }

  return {
    async submit(work, sums) {
      const record = records[turn++ % records.length]!;
      const at = record + SCALARS_AT + totalsAt;
      writeRecord(record, work, sums);
      await pool.room(2 + ranges.length + rounds.length * (ranges.length + 1));
      const totalled = pool.everywhere(totals, record);
      const veto = work.kind === 'gradient' ? pool.veto(at) : null;
      return {
        command: veto === null ? totalled : queue(work, record),
        veto,
        totals: () => Array.from(f64.subarray(at >>> 3, (at >>> 3) + contribution.scalars)),
      };
    },
  };
}
