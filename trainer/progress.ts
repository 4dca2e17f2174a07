// progress.ts: sums of a run turned into the figures that events carry: means, metrics, times. It decides nothing.
import type { Metrics } from './events.ts';
import type { Metric, MetricContext } from './metrics/kind.ts';
import type { Plan } from './plan.ts';

/** Totals of many batches, added in the order in which they were committed: f64, so counts stay exact. */
export interface Tally {
  add(totals: readonly number[], samples: number): void;
  readonly samples: number;
  /** Loss and metrics of all that was added, none of nothing; then begins anew. */
  take(): Metrics;
}

/** Loss and metrics from the totals of a plan. */
export function figures(
  plan: Plan,
  metrics: readonly Metric[],
  context: MetricContext,
  totals: readonly number[],
  samples: number,
): Metrics {
  const result: Record<string, Metrics[string]> = { loss: totals[0]! / samples };
  for (const metric of metrics) {
    const counts = plan.counts.find(({ key }) => key === metric.counts.key);
    if (counts)
      Object.assign(result, metric.values(totals.slice(counts.from, counts.from + counts.length), samples, context));
  }
  return result;
}

export function createTally(plan: Plan, metrics: readonly Metric[], context: MetricContext): Tally {
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
      const result = count === 0 ? {} : figures(plan, metrics, context, sums, count);
      sums = [];
      count = 0;
      return result;
    },
  };
}
