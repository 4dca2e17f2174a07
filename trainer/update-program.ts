// update-program.ts: the kernel calls that follow a step's sums: norms in rounds, the update, moving statistics and averages; for all
// blocks, or for those that a server owns. Not when they run, nor in which memory (updates.ts, cluster/range-server.ts).
//
//   space `step`: blocks of scalars, one a pace | of statistics | of each tensor, where norms change them
//                 | per round: joined squares f64 (quantities, tensors) | their sum | squares of each block f64
import { inOrder, type Lists, type OwnCall, own, plain, step } from './call-lists.ts';
import { changingOf, parametersOf, penalizedOf } from './contribution.ts';
import type { Segment } from './model.ts';
import { type Round, roundsOf } from './norm-rounds.ts';
import {
  ACCUMULATOR,
  type AnyOptimizer,
  AVERAGE,
  type CommonConfig,
  decayOf,
  slotNames,
  type Update,
} from './optimizers/kind.ts';
import type { PlanBuilder, PlanCall } from './plan-builder.ts';
import { type Pace, paceAt, pacesOf } from './rates.ts';
import { BLOCK_BYTES } from './step-scalars.ts';
import { boundNorms, boundSigns, moveStatistic, penalize } from './update-calls.ts';
import type { Versions } from './versions.ts';

export interface UpdateOptions {
  /** Where each tensor lies in a vector of `bytes`. */
  readonly versions: Pick<Versions, 'segments' | 'slotBytes'>;
  readonly optimizer: AnyOptimizer;
  readonly optimizerConfig: CommonConfig;
  /** Of the whole model, where `versions` has a part of it. */
  readonly whole?: readonly Segment[];
}

export interface UpdateProgram {
  /** What a step changes. */
  readonly segments: readonly Segment[];
  /** Of all tensors of the model. */
  readonly paces: readonly Pace[];
  readonly rounds: readonly Round[];
  readonly apply: Lists<OwnCall>;
  /** In place of all that, in a step that only adds to the accumulator. */
  readonly gather: Lists<OwnCall>;
  /** Number of the slot that gradients are carried in; null: they are not. */
  readonly accumulator: number | null;
  /** Of space `step`. */
  readonly bytes: number;
}

export function updateProgram(options: UpdateOptions): UpdateProgram {
  const { versions, optimizer, optimizerConfig: config } = options;
  const segments = changingOf(versions.segments);
  const whole = changingOf(parametersOf(options.whole ?? versions.segments));
  const paces = pacesOf(options.whole ?? versions.segments);
  const names = slotNames(optimizer, config);
  const rowsAt = BLOCK_BYTES * paces.length;
  const tensorsAt = rowsAt + BLOCK_BYTES;
  let bytes = tensorsAt + BLOCK_BYTES * segments.length;
  const take = (doubles: number): number => {
    bytes += 8 * doubles;
    return bytes - 8 * doubles;
  };

  const slot = (space: 'slots' | 'nextSlots', i: number, { at }: Segment) =>
    ({ space, at: i * versions.slotBytes + 4 * at }) as const;
  const weights = (space: 'parameters' | 'next', { at }: Segment) => ({ space, at: 4 * at }) as const;
  /** Where each tensor's scalars are read, as rounds go on. */
  const scalarsAt = segments.map((segment) => BLOCK_BYTES * paceAt(paces, segment));
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

  const parts = { optimizer, config, segments, trained, whole };
  const rounds = roundsOf({ ...parts, take, tensorsAt, scalarsAt, updateOf });

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
    paces,
    rounds: measured ? [measured, ...later] : [],
    apply: [[...(measured ? [] : penalties), ...apply, ...statistics], norms],
    gather: [[...penalties, ...gather, ...statistics], norms],
    accumulator: accumulator < 0 ? null : accumulator,
    bytes,
  };
}

/** Whether some of these weights have a penalty that counts. */
export const penalized = (segments: readonly Segment[]): boolean => penalizedOf(segments).length > 0;

/**
 * A reduce program with the penalties as one more part, added last: whoever reads the sums of a gradient then finds them in it, once a
 * step, whoever computed the rest. The part has zeros where nothing has a penalty, and for scalars.
 */
export const withPenalties = (program: readonly number[], penalties: number | null): readonly number[] =>
  penalties === null ? program : [...program, penalties, 0];

/** Every call of a program, each once: for who plans memory. */
export const allCalls = (program: UpdateProgram): readonly (readonly PlanCall[])[] => [
  ...program.rounds.flatMap(({ measure, trees, scale }) => [plain(measure), inOrder([trees, ...scale])]),
  plain(program.apply),
  plain(program.gather),
];
