// confusion.ts: the confusion matrix, and the figures made of it: precision, recall and F1, per class and macro.
import type { Counts, Metric, MetricContext, MetricValue } from './kind.ts';

/** Several sigmoids are several answers: no one of them is the sample's class. */
const suits = ({ exclusive, classes, places }: MetricContext): boolean => places === 1 && (exclusive || classes === 1);

const side = (context: MetricContext): number => (context.classes === 1 ? 2 : context.classes);

const confusionCounts: Counts = {
  key: 'confusion',
  length: (context) => side(context) ** 2,
  emit(build, context, y, labels, at) {
    const C = context.classes;
    if (C === 1) {
      build.call('confusion_binary', { y: build.at(y), targets: labels, counts: at }, { m: 1, ldy: 1 }, {});
      return;
    }
    const oneHot = context.labels === 'values' ? 1 : 0;
    build.call('confusion', { y: build.at(y), labels, counts: at }, { m: 1, C, ldy: C, oneHot }, {});
  },
};

/** Rows of (true, predicted) counts. */
const rowsOf = (totals: readonly number[], n: number): number[][] =>
  Array.from({ length: n }, (_, i) => totals.slice(i * n, (i + 1) * n));

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

interface PerClass {
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
}

/** A class that is never predicted (or never occurs) has precision (recall) 0, as scikit-learn's zero_division=0. */
export function perClass(matrix: readonly (readonly number[])[]): PerClass {
  const hits = matrix.map((row, i) => row[i]!);
  const actual = matrix.map((row) => row.reduce((a, b) => a + b, 0));
  const predicted = matrix.map((_, j) => matrix.reduce((sum, row) => sum + row[j]!, 0));
  const precision = hits.map((h, i) => ratio(h, predicted[i]!));
  const recall = hits.map((h, i) => ratio(h, actual[i]!));
  const f1 = hits.map((h, i) => ratio(2 * h, predicted[i]! + actual[i]!));
  return { precision, recall, f1 };
}

const derived = (name: keyof PerClass): Metric => ({
  name,
  counts: confusionCounts,
  everyStep: false,
  suits,
  values(totals, _samples, context): Record<string, MetricValue> {
    const values = perClass(rowsOf(totals, side(context)))[name];
    return { [name]: mean(values), [`${name}_per_class`]: values };
  },
});

export const precision = derived('precision');
export const recall = derived('recall');
export const f1 = derived('f1');
export const confusionMatrix: Metric = {
  name: 'confusion_matrix',
  counts: confusionCounts,
  everyStep: false,
  suits,
  values: (totals, _samples, context) => ({ confusion_matrix: rowsOf(totals, side(context)) }),
};
