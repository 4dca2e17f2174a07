// progress.ts: sums of a run turned into the figures that events carry: means, metrics, times. It decides nothing.
import type { Metrics } from './events.ts';
import type { Mode, Program } from './plan.ts';

/** Totals of many batches, added in the order in which they were committed: f64, so counts stay exact. */
export interface Tally {
  add(totals: readonly number[], samples: number): void;
  readonly samples: number;
  /** Loss and metrics of all that was added, none of nothing; then begins anew. */
  take(): Metrics;
}

/**
 * Loss, the penalties of weights included, and metrics from the totals of a plan. Of several outputs: each one's too, by
 * "output_loss", "output_accuracy".
 */
export function figures(program: Program, mode: Mode, totals: readonly number[], samples: number): Metrics {
  const { plans, outputs, penaltyAt } = program;
  const penalty = penaltyAt === null ? 0 : totals[penaltyAt]!;
  const result: Record<string, Metrics[string]> = { loss: (totals[0]! + penalty) / samples };
  outputs.forEach(({ prefix, lossAt, metrics, context }, output) => {
    if (prefix !== '') result[`${prefix}loss`] = totals[lossAt]! / samples;
    for (const metric of metrics) {
      const counts = plans[mode].counts.find((c) => c.output === output && c.key === metric.counts.key);
      if (!counts) continue;
      const values = metric.values(totals.slice(counts.from, counts.from + counts.length), samples, context);
      for (const [name, value] of Object.entries(values)) result[`${prefix}${name}`] = value;
    }
  });
  return result;
}

export function createTally(program: Program, mode: Mode): Tally {
  let sums: number[] = [];
  let count = 0;
  return {
    add(totals, samples) {
      sums = totals.map((value, i) => (sums[i] ?? 0) + value);
      count += samples;
    },
    get samples() {
      return count;
    },
    take() {
      const result = count === 0 ? {} : figures(program, mode, sums, count);
      sums = [];
      count = 0;
      return result;
    },
  };
}
