// statistics.ts: medians, and intervals of few figures. Pure.

export interface Interval {
  readonly median: number;
  /** Bounds that hold the true value in 95 of 100 experiments; of fewer than three figures: the least and the most. */
  readonly low: number;
  readonly high: number;
}

/** Of Student's t, two-sided 95 %, by degrees of freedom from 1 on; beyond: of the normal distribution. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Standard deviation over the mean. */
export function variation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, it) => sum + it, 0) / values.length;
  const square = values.reduce((sum, it) => sum + (it - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(square) / mean;
}

/** Of ratios and rates: Student's interval of their logarithms. */
export function interval(values: readonly number[]): Interval {
  const n = values.length;
  const middle = median(values);
  if (n < 3) return { median: middle, low: Math.min(...values), high: Math.max(...values) };
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, it) => sum + it, 0) / n;
  const error = Math.sqrt(logs.reduce((sum, it) => sum + (it - mean) ** 2, 0) / (n - 1) / n);
  const reach = (T95[n - 2] ?? 1.96) * error;
  return { median: middle, low: Math.exp(mean - reach), high: Math.exp(mean + reach) };
}
