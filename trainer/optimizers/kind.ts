// kind.ts: what an optimizer is: its options, its state, its kernel call for one tensor, its scalars for one step. No optimizer stands here.
import { z } from 'zod';
import { ignored } from '../../base/check.ts';
import type { Operand } from '../../kernels/abi.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { type Rate, rateAt, rateSchema } from '../schedules/index.ts';

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
  /** f32: divisor, rate, then what `scalars` gives. */
  readonly scalars: Operand;
  /** Of this tensor: 0 where it is excluded. */
  readonly weightDecay: number;
}

/** A vector that an optimizer keeps, one value a parameter. */
export interface Slot {
  readonly name: string; // "momentum"
  /** What every value begins at. Default 0. */
  readonly initial?: number;
}

/** Options that every optimizer has, checked. */
export interface CommonConfig {
  readonly learning_rate: Rate;
  readonly weight_decay: number;
  readonly exclude_from_weight_decay: readonly string[];
}

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>> & CommonConfig;

export interface OptimizerKind<S extends z.ZodRawShape> {
  /** Its own options and Keras' defaults; and of the shared ones, those whose default is its own. */
  readonly config: S;
  slots(config: Values<S>): readonly Slot[];
  update(config: Values<S>, update: Update): void;
  /** Numbers behind the rate, at most 12, that change from step to step; `step` counts from 1. Our own arithmetic: the same bits on every engine. */
  scalars?(config: Values<S>, rate: number, step: number): readonly number[];
}

/** An optimizer whose options are known by its registry alone. */
export interface AnyOptimizer {
  slots(config: CommonConfig): readonly Slot[];
  update(config: CommonConfig, update: Update): void;
  scalars?(config: CommonConfig, rate: number, step: number): readonly number[];
}

/** Names of the vectors that it keeps, in order. */
export const slotNames = (kind: AnyOptimizer, config: CommonConfig): readonly string[] =>
  kind.slots(config).map(({ name }) => name);

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

/** Options of every optimizer. Weight decay is decoupled: p *= 1 - rate x weight_decay before the update, as Keras has it. */
export const common = {
  learning_rate: rate(0.001),
  weight_decay: decay(0),
  /** Parts of weights' paths: a weight whose path has one of them does not decay. As Keras' method of that name. */
  exclude_from_weight_decay: z.array(z.string().min(1)).default([]),
  name: ignored,
} as const;

/** All scalars of a step, counted from 1, but the divisor. @param rate in place of the configuration's */
export function scalarsOf(
  kind: AnyOptimizer,
  config: CommonConfig,
  step: number,
  rate: number | null = null,
): readonly number[] {
  const now = rate ?? rateAt(config.learning_rate, step - 1);
  return [now, ...(kind.scalars?.(config, now, step) ?? [])];
}

/** What a weight decays by. */
export const decayOf = ({ weight_decay, exclude_from_weight_decay }: CommonConfig, path: string): number =>
  exclude_from_weight_decay.some((part) => path.includes(part)) ? 0 : weight_decay;

/** base^n for whole n >= 0, by squaring. */
export function power(base: number, n: number): number {
  let result = 1;
  for (let b = base, e = n; e > 0; e = Math.floor(e / 2), b *= b) if (e % 2 === 1) result *= b;
  return result;
}
