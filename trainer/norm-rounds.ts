// norm-rounds.ts: norms that a step must know before it updates: of gradients, to clip them; of weights and steps, for a trust ratio. Each is
// measured block by block, joined in a fixed tree, and turned into scalars. Who joins several owners' squares: cluster/votes.ts.
import { callsOf, type Lists, type OwnCall, own, step } from './call-lists.ts';
import type { Segment } from './model.ts';
import { type AnyOptimizer, type CommonConfig, decayOf, type Update } from './optimizers/kind.ts';
import type { PlanBuilder, PlanCall } from './plan-builder.ts';
import { blocksOf as blockCount } from './ranges.ts';
import { BLOCK_BYTES } from './step-scalars.ts';

/** Squares of blocks, joined over all owners, before what follows. */
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

/** Of the program that rounds are a part of. */
export interface RoundsOptions {
  readonly optimizer: AnyOptimizer;
  readonly config: CommonConfig;
  readonly segments: readonly Segment[];
  /** Numbers of those that are trained. */
  readonly trained: readonly number[];
  /** All that are trained, of the whole model. */
  readonly whole: readonly Segment[];
  /** Byte of so many doubles of space `step`. */
  take(doubles: number): number;
  /** Byte of a block of scalars for each tensor. */
  readonly tensorsAt: number;
  /** Where each tensor's scalars are read: rounds move them. */
  readonly scalarsAt: number[];
  updateOf(build: PlanBuilder, i: number): Update;
}

/** The rounds of a configuration, in order. */
export function roundsOf(options: RoundsOptions): readonly Round[] {
  const { optimizer, config, segments, trained, whole, take, tensorsAt, scalarsAt, updateOf } = options;

  /** A round of norms of some tensors; `scale` gives the calls from a tensor's joined squares to its scalars. */
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
  return [
    ...(most === null ? [] : [clipRound(most, config.clipnorm === null)]),
    ...(optimizer.trust ? [trustRound(optimizer.trust)] : []),
  ].filter(({ tensors }) => tensors.length > 0);
}
