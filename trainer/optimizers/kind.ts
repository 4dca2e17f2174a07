// kind.ts: what an optimizer is: its options, its state, its kernel call for one tensor, its scalars for one step. No optimizer stands here.
import { z } from 'zod';
import { ignored } from '../../base/check.ts';
import type { Operand } from '../../kernels/abi.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { type Rate, rateSchema } from '../schedules/index.ts';

/** One tensor's places. */
export interface Update {
  readonly build: PlanBuilder;
  readonly count: number;
  /** Byte offset of its gradient in a contribution. */
  readonly partAt: number;
  readonly p: Operand;
  readonly nextP: Operand;
  /** Of slot i, read and written: in one process the same place, so each value is read before it is written. */
  slot(i: number): Operand;
  nextSlot(i: number): Operand;
  /** f32: divisor, rate, what `scalars` gives; more behind them (step-scalars.ts). */
  readonly scalars: Operand;
  /** Of this tensor: 0 where it is excluded. */
  readonly weightDecay: number;
}

/** A vector that an optimizer keeps, one value a parameter. */
export interface Slot {
  readonly name: string; // "momentum"
  /** What every value begins at. Default 0. */
  readonly initial?: number | 'weights';
}

/** Where the sums of squares of a tensor's blocks are left, f64. */
export interface Squares {
  readonly w: Operand;
  readonly g: Operand;
}

/** How far a tensor is trusted: coefficient |w| / (|g| + decay |w| + epsilon), 1 where a norm is 0. */
export interface Trust {
  readonly coefficient: number;
  readonly decay: number;
  readonly epsilon: number;
}

/** Of an optimizer whose steps are as long as norms of the whole tensor say: it works in two passes. */
export interface TrustKind<C> {
  /** Of a tensor that decays by so much; null: its ratio is 1, and it is not measured. */
  ratio(config: C, weightDecay: number): Trust | null;
  /** The first pass: calls that leave squares of w and of what takes the gradient's place. They may write slots. */
  measure(config: C, update: Update, squares: Squares): void;
}

/** Options that every optimizer has, checked. */
export interface CommonConfig {
  readonly learning_rate: Rate;
  readonly weight_decay: number;
  readonly exclude_from_weight_decay: readonly string[];
  readonly clipvalue: number | null;
  readonly clipnorm: number | null;
  readonly global_clipnorm: number | null;
  readonly use_ema: boolean;
  readonly ema_momentum: number;
  readonly ema_overwrite_frequency: number | null;
  readonly gradient_accumulation_steps: number | null;
}

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>> & CommonConfig;

export interface OptimizerKind<S extends z.ZodRawShape> {
  /** Its own options and Keras' defaults; and of the shared ones, those whose default is its own. */
  readonly config: S;
  slots(config: Values<S>): readonly Slot[];
  update(config: Values<S>, update: Update): void;
  /** Numbers behind the rate, at most 9, that change from update to update; `step` counts updates from 1. Our own arithmetic: the same bits on every engine. */
  scalars?(config: Values<S>, rate: number, step: number): readonly number[];
  /** The update then reads its ratio among the scalars. */
  readonly trust?: TrustKind<Values<S>>;
}

/** An optimizer whose options are known by its registry alone. */
export interface AnyOptimizer {
  slots(config: CommonConfig): readonly Slot[];
  update(config: CommonConfig, update: Update): void;
  scalars?(config: CommonConfig, rate: number, step: number): readonly number[];
  readonly trust?: TrustKind<CommonConfig>;
}

/** What is kept for every optimizer that is told to, behind its own vectors. */
export const ACCUMULATOR = 'gradient_accumulator';
export const AVERAGE = 'average';

/** All vectors that are kept, in order. */
export const slotsOf = (kind: AnyOptimizer, config: CommonConfig): readonly Slot[] => [
  ...kind.slots(config),
  ...(config.gradient_accumulation_steps === null ? [] : [{ name: ACCUMULATOR }]),
  // what rests at first has not moved: its average is what it is
  ...(config.use_ema ? [{ name: AVERAGE, initial: 'weights' as const }] : []),
];

/** Names of the vectors that it keeps, in order. */
export const slotNames = (kind: AnyOptimizer, config: CommonConfig): readonly string[] =>
  slotsOf(kind, config).map(({ name }) => name);

/** Types an optimizer by its options. */
export const optimizer = <const S extends z.ZodRawShape>(kind: OptimizerKind<S>): OptimizerKind<S> => kind;

export const rate = rateSchema;
export const epsilon = (fallback: number) => z.number().positive().default(fallback);
export const beta = (fallback: number) => z.number().min(0).lt(1).default(fallback);
/** null, as Keras writes it where there is none, is 0. */
export const decay = (fallback: number) =>
  z
    .number()
    .nonnegative()
    .nullable()
    .default(fallback)
    .transform((value) => value ?? 0);

const limit = z.number().positive().nullable().default(null);

/** Options of every optimizer. Weight decay is decoupled: p *= 1 - rate x weight_decay before the update, as Keras has it. */
export const common = {
  learning_rate: rate(0.001),
  weight_decay: decay(0),
  /** Parts of weights' paths: a weight whose path has one of them does not decay. As Keras' method of that name. */
  exclude_from_weight_decay: z.array(z.string().min(1)).default([]),
  /** Of the mean gradient, before anything else is made of it: each value, each tensor's norm, the norm of all. One of them at most. */
  clipvalue: limit,
  clipnorm: limit,
  global_clipnorm: limit,
  use_ema: z.boolean().default(false),
  ema_momentum: z.number().min(0).max(1).default(0.99),
  ema_overwrite_frequency: z.int().min(1).nullable().default(null),
  gradient_accumulation_steps: z.int().min(2).nullable().default(null),
  loss_scale_factor: z
    .null()
    .transform(() => undefined)
    .optional(),
  name: ignored,
} as const;

/** What a weight decays by. */
export const decayOf = ({ weight_decay, exclude_from_weight_decay }: CommonConfig, path: string): number =>
  exclude_from_weight_decay.some((part) => path.includes(part)) ? 0 : weight_decay;

/** base^n for whole n >= 0, by squaring. */
export function power(base: number, n: number): number {
  let result = 1;
  for (let b = base, e = n; e > 0; e = Math.floor(e / 2), b *= b) if (e % 2 === 1) result *= b;
  return result;
}
