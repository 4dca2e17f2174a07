// kind.ts: what an optimizer is: its state, its kernel call for one tensor, its scalars for one step. No optimizer stands here.
import type { Operand } from '../../kernels/abi.ts';
import type { PlanBuilder } from '../plan-builder.ts';

/** One tensor's places. */
export interface Update {
  readonly build: PlanBuilder;
  readonly count: number;
  /** Byte offset of its gradient in a contribution. */
  readonly partAt: number;
  readonly p: Operand;
  readonly nextP: Operand;
  /** Of slot i, read and written. */
  slot(i: number): Operand;
  nextSlot(i: number): Operand;
  /** f32: divisor, then what `scalars` gives. */
  readonly scalars: Operand;
}

export interface OptimizerKind<C> {
  /** Names of the vectors it keeps, one value a parameter: "momentum". */
  slots(config: C): readonly string[];
  update(config: C, update: Update): void;
  /** Numbers that change from step to step; `step` counts from 1. Our own arithmetic: the same bits on every engine. */
  scalars(config: C, step: number): readonly number[];
}

/** base^n for whole n >= 0, by squaring. */
export function power(base: number, n: number): number {
  let result = 1;
  for (let b = base, e = n; e > 0; e = Math.floor(e / 2), b *= b) if (e % 2 === 1) result *= b;
  return result;
}
