// kind.ts: what a schedule is: the learning rate of each step, from the step alone. No schedule stands here.
import { z } from 'zod';

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>>;

/** Options with their defaults, and the rate of a step counted from 0. Our own arithmetic (base/scalar.ts): the same bits everywhere. */
export interface ScheduleKind<S extends z.ZodRawShape> {
  readonly config: S;
  /** What is wrong with options that are each right; null: nothing. */
  wrong?(config: Values<S>): string | null;
  rate(config: Values<S>, step: number): number;
}

/** Types a schedule by its options. */
export const schedule = <const S extends z.ZodRawShape>(kind: ScheduleKind<S>): ScheduleKind<S> => kind;

export const positive = z.number().positive();
export const share = z.number().nonnegative();
export const steps = z.int().positive();
