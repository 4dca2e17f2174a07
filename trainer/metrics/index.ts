// index.ts: the registry of metrics, by name: one line each.
import { accuracy } from './accuracy.ts';
import { confusionMatrix, f1, precision, recall } from './confusion.ts';
import type { Metric } from './kind.ts';
import { topK } from './top-k.ts';

/** `k` is asked for by top_k alone. */
export const metrics = {
  accuracy: () => accuracy,
  top_k: (k) => topK(k),
  precision: () => precision,
  recall: () => recall,
  f1: () => f1,
  confusion_matrix: () => confusionMatrix,
} as const satisfies Readonly<Record<string, (k: number) => Metric>>;

export type MetricName = keyof typeof metrics;
