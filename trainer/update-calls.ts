// update-calls.ts: what is done to one tensor before its update and after it: penalties, bounds, moving statistics. When: update-program.ts.
import type { Segment } from './model.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** The gradient of a weight's penalty, times the rows of the step. */
export function penalize(build: PlanBuilder, { at, length, penalty }: Segment, rowsAt: number): void {
  if (!penalty) return;
  const operands = {
    p: { space: 'parameters', at: 4 * at },
    scalars: { space: 'step', at: rowsAt },
    out: { space: 'penalties', at: 4 * at },
  } as const;
  build.call('penalty_gradient', operands, { count: length }, { ...penalty }, { independent: true });
}

/** Brings the next version of a tensor within its bounds, in place: each value; each vector, for which a tensor must be whole. */
export function boundSigns(build: PlanBuilder, { at, length, constraint }: Segment): void {
  const w = { space: 'next', at: 4 * at } as const;
  if (constraint?.kind === 'sign') build.call('limit_sign', { w }, { count: length }, {}, { independent: true });
}

export function boundNorms(build: PlanBuilder, { at, constraint }: Segment): void {
  if (constraint?.kind !== 'norm') return;
  const { outer, K, inner, floor, ceiling, rate } = constraint;
  const w = { space: 'next', at: 4 * at } as const;
  build.call('limit_norm', { w }, { outer, K, inner }, { floor, ceiling, rate }, { independent: true });
}

/** Keras': what a step leaves of a moving statistic, and the mean over its rows. */
export function moveStatistic(build: PlanBuilder, { at, length }: Segment, momentum: number, scalarsAt: number): void {
  const operands = {
    p: { space: 'parameters', at: 4 * at },
    nextP: { space: 'next', at: 4 * at },
    scalars: { space: 'step', at: scalarsAt },
  } as const;
  const floats = { momentum, oneMinusMomentum: 1 - momentum };
  build.call('moving_average', operands, { count: length, partAt: 4 * at }, floats, { independent: true });
}
