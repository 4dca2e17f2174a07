// index.ts: the registry of schedules, by Keras' class names where Keras has them: one line each.
import { z } from 'zod';
import { type Choice, choice } from '../../base/choice.ts';
import { cosineDecay } from './cosine-decay.ts';
import { cosineDecayRestarts } from './cosine-decay-restarts.ts';
import { exponentialDecay } from './exponential-decay.ts';
import { inverseTimeDecay } from './inverse-time-decay.ts';
import type { ScheduleKind } from './kind.ts';
import { oneCycle } from './one-cycle.ts';
import { piecewiseConstantDecay } from './piecewise-constant-decay.ts';
import { polynomialDecay } from './polynomial-decay.ts';

export const schedules = {
  ExponentialDecay: exponentialDecay,
  InverseTimeDecay: inverseTimeDecay,
  PiecewiseConstantDecay: piecewiseConstantDecay,
  PolynomialDecay: polynomialDecay,
  CosineDecay: cosineDecay,
  CosineDecayRestarts: cosineDecayRestarts,
  OneCycle: oneCycle,
} as const;

type Shapes = { readonly [K in keyof typeof schedules]: (typeof schedules)[K]['config'] };
const shapes = Object.fromEntries(Object.entries(schedules).map(([name, kind]) => [name, kind.config])) as Shapes;

const kindOf = (name: keyof Shapes): ScheduleKind<z.ZodRawShape> => schedules[name] as ScheduleKind<z.ZodRawShape>;

const scheduleSchema = choice('schedules', shapes).superRefine(({ class_name, config }, context) => {
  const message = kindOf(class_name).wrong?.(config as never);
  if (message) context.addIssue({ code: 'custom', message });
});

/** A learning rate: a number, or a schedule. */
export type Rate = number | Choice<Shapes>;
export const rateSchema = (fallback: number): z.ZodType<Rate> =>
  z.union([z.number().positive(), scheduleSchema]).default(fallback) as unknown as z.ZodType<Rate>;

/** The learning rate of a step, counted from 0. */
export function rateAt(rate: Rate, step: number): number {
  if (typeof rate === 'number') return rate;
  return kindOf(rate.class_name).rate(rate.config as never, step);
}
