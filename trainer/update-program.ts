// update-program.ts: the kernel calls that follow a step's sums: norms in rounds, the update, moving statistics and averages; for all
// blocks, or for those that a server owns. Not when they run, nor in which memory (updates.ts, cluster/range-server.ts).
//
//   space `step`: blocks of scalars, one a factor of the rate | of statistics | of each tensor, where norms change them
//                 | per round: joined squares f64 (quantities, tensors) | their sum | squares of each block f64
import { changingOf } from './contribution.ts';
import type { TileRange } from './encode.ts';
import type { Segment } from './model.ts';
import {
  ACCUMULATOR,
  type AnyOptimizer,
  AVERAGE,
  type CommonConfig,
  decayOf,
  slotNames,
  type Update,
} from './optimizers/kind.ts';
import { PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import { blocksOf as blockCount, type Range } from './ranges.ts';
import { factorsOf } from './rates.ts';
import { BLOCK_BYTES } from './step-scalars.ts';
import type { Versions } from './versions.ts';

export interface UpdateOptions {
  /** Where each tensor lies in a vector of `bytes`. */
  readonly versions: Pick<Versions, 'segments' | 'slotBytes'>;
  readonly optimizer: AnyOptimizer;
  readonly optimizerConfig: CommonConfig;
  /** Of the whole model, where `versions` has a part of it. */
  readonly whole?: readonly Segment[];
}

/** A call over one tensor, and which of the program's segments that is. */
interface OwnCall {
  readonly segment: number;
  readonly call: PlanCall;
  /** It covers the tensor, which then has one owner; else its tiles are the blocks that ranges are cut at. */
  readonly whole: boolean;
}
/**
 * The calls of a list run in order on each block, and on different blocks at once; the next list waits for all of them. Slots may be
 * updated in place: no call reads an element of `slots` that one before it left in `nextSlots`.
 */
type Lists<T> = readonly (readonly T[])[];

/** Norms that must be known before what follows: squares of blocks, joined over all owners. */
export interface Round {
  /** Of each tensor: of gradients; or of weights, then of what takes the gradients' place. */
  readonly quantities: number;
  /** That are measured, of all tensors that are trained, in order. */
  readonly tensors: readonly Segment[];
  readonly measure: Lists<OwnCall>;
  /** Joins the squares of blocks: by whoever owns all of them. */
  readonly trees: readonly PlanCall[];
  /** From joined squares, at `sumsAt`, to the blocks of scalars that later calls read. */
  readonly scale: Lists<PlanCall>;
  /** Byte of the squares of a quantity's tensor, among the program's segments. */
  squaresAt(quantity: number, segment: number): number;
  /** Byte of the joined squares, by quantity and then tensor. */
  readonly sumsAt: number;
}

export interface UpdateProgram {
  /** What a step changes. */
  readonly segments: readonly Segment[];
  /** Of the rate, of all tensors of the model. */
  readonly factors: readonly number[];
  readonly rounds: readonly Round[];
  readonly apply: Lists<OwnCall>;
  /** In place of all that, in a step that only adds to the accumulator. */
  readonly gather: Lists<OwnCall>;
  /** Number of the slot that gradients are carried in; null: they are not. */
  readonly accumulator: number | null;
  /** Of space `step`. */
  readonly bytes: number;
}

/** Kernels whose tiles are not the blocks of ranges: they need a tensor whole. */
const OF_TENSORS: ReadonlySet<string> = new Set(['limit_norm']);

const own = (segment: number, make: (build: PlanBuilder) => void, path = ''): readonly OwnCall[] =>
  callsOf(make, path).map((call) => ({ segment, call, whole: OF_TENSORS.has(call.arguments.kernel) }));

function callsOf(make: (build: PlanBuilder) => void, path = ''): readonly PlanCall[] {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  build.layer = path;
  make(build);
  return build.finish().calls;
}

export function updateProgram(options: UpdateOptions): UpdateProgram {
  const { versions, optimizer, optimizerConfig: config } = options;
  const segments = changingOf(versions.segments);
  const whole = trainedOf(options.whole ?? versions.segments);
  const factors = factorsOf(options.whole ?? versions.segments);
  const names = slotNames(optimizer, config);
  const rowsAt = BLOCK_BYTES * factors.length;
  const tensorsAt = rowsAt + BLOCK_BYTES;
  let bytes = tensorsAt + BLOCK_BYTES * segments.length;
  const take = (doubles: number): number => {
    bytes += 8 * doubles;
    return bytes - 8 * doubles;
  };

  const step = (at: number) => ({ space: 'step', at }) as const;
  const slot = (space: 'slots' | 'nextSlots', i: number, { at }: Segment) =>
    ({ space, at: i * versions.slotBytes + 4 * at }) as const;
  const weights = (space: 'parameters' | 'next', { at }: Segment) => ({ space, at: 4 * at }) as const;
  /** Where each tensor's scalars are read, as rounds go on. */
  const scalarsAt = segments.map(({ rate = 1 }) => BLOCK_BYTES * factors.indexOf(rate));
  const trained = segments.map((_, i) => i).filter((i) => !segments[i]!.state);
  const updateOf = (build: PlanBuilder, i: number): Update => {
    const segment = segments[i]!;
    return {
      build,
      count: segment.length,
      partAt: 4 * segment.at,
      p: weights('parameters', segment),
      nextP: weights('next', segment),
      slot: (of) => slot('slots', of, segment),
      nextSlot: (of) => slot('nextSlots', of, segment),
      scalars: step(scalarsAt[i]!),
      weightDecay: decayOf(config, segment.path),
    };
  };

  /** A round of norms of some tensors; `scaled` gives the calls from a tensor's joined squares to its scalars. */
  function round(
    quantities: number,
    measured: (tensor: Segment) => boolean,
    measure: (build: PlanBuilder, i: number, squares: readonly number[]) => void,
    scale: (
      tensors: number,
      sumsAt: number,
      of: readonly number[],
      sum: (i: number, quantity: number) => number,
    ) => Lists<PlanCall>,
  ): Round {
    const tensors = whole.filter(measured);
    const numbers = new Map(tensors.map(({ path }, i) => [path, i]));
    const of = trained.filter((i) => numbers.has(segments[i]!.path));
    const sumsAt = take(quantities * tensors.length);
    const places = new Map(
      of.map((i) => [i, Array.from({ length: quantities }, () => take(blockCount(segments[i]!)))] as const),
    );
    const squaresAt = (quantity: number, i: number) => places.get(i)![quantity]!;
    const sum = (i: number, quantity: number) =>
      sumsAt + 8 * (quantity * tensors.length + numbers.get(segments[i]!.path)!);
    const made = of.flatMap((i) => own(i, (build) => measure(build, i, places.get(i)!), segments[i]!.path));
    const trees = of.flatMap((i) =>
      Array.from({ length: quantities }, (_, q) => q).flatMap((q) =>
        callsOf((build) => {
          const operands = { values: step(squaresAt(q, i)), sum: step(sum(i, q)) };
          build.call('tree_f64', operands, { count: blockCount(segments[i]!) }, {}, { independent: true });
        }),
      ),
    );
    return {
      quantities,
      tensors,
      measure: [made],
      trees,
      squaresAt,
      sumsAt,
      scale: scale(tensors.length, sumsAt, of, sum),
    };
  }

  /** A tensor's scalars as a call leaves them: in a block of its own from now on. */
  function rescaled(i: number, make: (build: PlanBuilder, now: number, next: number) => void): readonly PlanCall[] {
    const next = tensorsAt + BLOCK_BYTES * i;
    const calls = callsOf((build) => make(build, scalarsAt[i]!, next), segments[i]!.path);
    scalarsAt[i] = next;
    return calls;
  }

  function clipRound(most: number, together: boolean): Round {
    const total = together ? take(1) : 0;
    return round(
      1,
      () => true,
      (build, i, [g]) => {
        const { count, partAt, scalars } = updateOf(build, i);
        build.call('gradient_squares', { scalars, out: step(g!) }, { count, partAt }, {}, { independent: true });
      },
      (tensors, sumsAt, of, sum) => [
        ...(together
          ? [
              callsOf((build) =>
                build.call('tree_f64', { values: step(sumsAt), sum: step(total) }, { count: tensors }, {}),
              ),
            ]
          : []),
        of.flatMap((i) =>
          rescaled(i, (build, now, next) => {
            const operands = { sum: step(together ? total : sum(i, 0)), now: step(now), next: step(next) };
            build.call('clip_scale', operands, {}, { most }, { independent: true });
          }),
        ),
      ],
    );
  }

  function trustRound(trust: NonNullable<AnyOptimizer['trust']>): Round {
    const ratioOf = ({ path }: Segment) => trust.ratio(config, decayOf(config, path));
    return round(
      2,
      (tensor) => ratioOf(tensor) !== null,
      (build, i, [w, g]) => trust.measure(config, updateOf(build, i), { w: step(w!), g: step(g!) }),
      (_, __, of, sum) => [
        of.flatMap((i) =>
          rescaled(i, (build, now, next) => {
            const operands = { w: step(sum(i, 0)), g: step(sum(i, 1)), now: step(now), next: step(next) };
            build.call('trust_ratio', operands, {}, { ...ratioOf(segments[i]!)! }, { independent: true });
          }),
        ),
      ],
    );
  }

  const most = config.clipnorm ?? config.global_clipnorm;
  const rounds = [
    ...(most === null ? [] : [clipRound(most, config.clipnorm === null)]),
    ...(optimizer.trust ? [trustRound(optimizer.trust)] : []),
  ].filter(({ tensors }) => tensors.length > 0);

  const accumulator = names.indexOf(ACCUMULATOR);
  const averaged = names.indexOf(AVERAGE);
  const count = (i: number) => segments[i]!.length;
  const carry = (build: PlanBuilder, i: number, which: number, clears: boolean) => {
    const operands = { x: slot('slots', which, segments[i]!), y: slot('nextSlots', which, segments[i]!) };
    build.call('carry', operands, { count: count(i), clears: clears ? 1 : 0 }, {}, { independent: true });
  };
  const each = (make: (build: PlanBuilder, i: number) => void): readonly OwnCall[] =>
    trained.flatMap((i) => own(i, (build) => make(build, i), segments[i]!.path));
  const statistics = segments.flatMap((segment, i) =>
    segment.state
      ? own(i, (build) => moveStatistic(build, segment, segment.state!.momentum!, rowsAt), segment.path)
      : [],
  );
  const penalties = each((build, i) => penalize(build, segments[i]!, rowsAt));
  /** What follows an update: of the average, which may replace the weights, and of bounds. */
  const finish = (build: PlanBuilder, i: number) => {
    average(build, segments[i]!);
    boundSigns(build, segments[i]!);
  };
  const average = (build: PlanBuilder, segment: Segment) => {
    if (averaged < 0) return;
    const operands = {
      ...{ p: weights('next', segment), scalars: step(0) },
      ...{ a: slot('slots', averaged, segment), nextA: slot('nextSlots', averaged, segment) },
    };
    build.call('average', operands, { count: segment.length }, {}, { independent: true });
  };
  const norms = each((build, i) => boundNorms(build, segments[i]!));
  const apply = each((build, i) => {
    optimizer.update(config, updateOf(build, i));
    if (accumulator >= 0) carry(build, i, accumulator, true);
    finish(build, i);
  });
  const gather = each((build, i) => {
    if (accumulator < 0) return;
    const segment = segments[i]!;
    const independent = { independent: true };
    const sums = { scalars: step(0), out: slot('nextSlots', accumulator, segment) };
    build.call('gradient_sums', sums, { count: count(i), partAt: 4 * segment.at }, {}, independent);
    const kept = { x: weights('parameters', segment), y: weights('next', segment) };
    build.call('carry', kept, { count: count(i), clears: 0 }, {}, independent);
    for (let which = 0; which < names.length; which++)
      if (which !== accumulator && which !== averaged) carry(build, i, which, false);
    finish(build, i);
  });
  // penalties are part of the sums that the first calls read
  const [first, ...later] = rounds;
  const measured = first && { ...first, measure: [[...penalties, ...first.measure.flat()]] };
  return {
    segments,
    factors,
    rounds: measured ? [measured, ...later] : [],
    apply: [[...(measured ? [] : penalties), ...apply, ...statistics], norms],
    gather: [[...penalties, ...gather, ...statistics], norms],
    accumulator: accumulator < 0 ? null : accumulator,
    bytes,
  };
}

/** The tensors that a step trains. */
export const trainedOf = (segments: readonly Segment[]): readonly Segment[] =>
  changingOf(segments).filter((s) => !s.state);

/** Whether some of these weights have a penalty that counts. */
export const penalized = (segments: readonly Segment[]): boolean => changingOf(segments).some((s) => s.penalty);

/**
 * A reduce program with the penalties as one more part, added last: whoever reads the sums of a gradient then finds them in it, once a
 * step, whoever computed the rest. The part has zeros where nothing has a penalty, and for scalars.
 */
export const withPenalties = (program: readonly number[], penalties: number | null): readonly number[] =>
  penalties === null ? program : [...program, penalties, 0];

/** The gradient of a weight's penalty, times the rows of the step. */
function penalize(build: PlanBuilder, { at, length, penalty }: Segment, rowsAt: number): void {
  if (!penalty) return;
  const operands = {
    p: { space: 'parameters', at: 4 * at },
    scalars: { space: 'step', at: rowsAt },
    out: { space: 'penalties', at: 4 * at },
  } as const;
  build.call('penalty_gradient', operands, { count: length }, { ...penalty }, { independent: true });
}

/** Brings the next version of a tensor within its bounds, in place: each value; each vector, for which a tensor must be whole. */
function boundSigns(build: PlanBuilder, { at, length, constraint }: Segment): void {
  const w = { space: 'next', at: 4 * at } as const;
  if (constraint?.kind === 'sign') build.call('limit_sign', { w }, { count: length }, {}, { independent: true });
}
function boundNorms(build: PlanBuilder, { at, constraint }: Segment): void {
  if (constraint?.kind !== 'norm') return;
  const { outer, K, inner, floor, ceiling, rate } = constraint;
  const w = { space: 'next', at: 4 * at } as const;
  build.call('limit_norm', { w }, { outer, K, inner }, { floor, ceiling, rate }, { independent: true });
}

/** Keras': what a step leaves of a moving statistic, and the mean over its rows. */
function moveStatistic(build: PlanBuilder, { at, length }: Segment, momentum: number, scalarsAt: number): void {
  const operands = {
    p: { space: 'parameters', at: 4 * at },
    nextP: { space: 'next', at: 4 * at },
    scalars: { space: 'step', at: scalarsAt },
  } as const;
  const floats = { momentum, oneMinusMomentum: 1 - momentum };
  build.call('moving_average', operands, { count: length, partAt: 4 * at }, floats, { independent: true });
}

/** Lists as one program: whoever runs it waits where a new list begins. */
export function inOrder(lists: Lists<PlanCall>): readonly PlanCall[] {
  return lists.flatMap((list, n) => list.map((call, i) => (n > 0 && i === 0 ? { ...call, barrier: true } : call)));
}

/** The same of the tiles that belong to one range, beside them. */
export function ofRange(
  lists: Lists<OwnCall>,
  range: Range,
): { calls: readonly PlanCall[]; tiles: readonly (TileRange | null)[] } {
  const within = lists.map((list) => list.filter(({ segment }) => range[segment]!.from < range[segment]!.to));
  return {
    calls: inOrder(within.map((list) => list.map(({ call }) => call))),
    tiles: within.flat().map(({ segment, whole }) => (whole ? null : range[segment]!)),
  };
}

/** Every call of a program, each once: for who plans memory. */
export const allCalls = (program: UpdateProgram): readonly (readonly PlanCall[])[] => [
  ...program.rounds.flatMap(({ measure, trees, scale }) => [plain(measure), inOrder([trees, ...scale])]),
  plain(program.apply),
  plain(program.gather),
];
const plain = (lists: Lists<OwnCall>): readonly PlanCall[] => lists.flat().map(({ call }) => call);
