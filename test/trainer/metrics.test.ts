// metrics.test.ts: every metric of the registry beside plain counting over the predictions of the same plans.
import assert from 'node:assert/strict';
import type { LossName } from '../../trainer/losses/index.ts';
import { metrics as registry } from '../../trainer/metrics/index.ts';
import type { Metric } from '../../trainer/metrics/kind.ts';
import { figures } from '../../trainer/progress.ts';
import { modelOf } from '../cases/layer.ts';
import { createHost } from '../support/host-plan.ts';
import { ask } from '../support/parity.ts';

const SHARES = [17, 17, 9];
const ROWS = 43;

/** Figures of an evaluation, what the model predicted, and the labels, a row each. */
function evaluate(loss: LossName, outputs: number, activation: string, metrics: readonly Metric[], fromLogits = false) {
  const model = modelOf([4], [['Dense', { units: outputs, activation }]]);
  const { batch } = ask({ model, loss, fromLogits, shares: SHARES });
  const host = createHost({ model, loss, fromLogits, rows: 17, metrics });
  const { program } = host;
  const result = host.run('evaluate', batch);
  const totals: number[] = [result.loss];
  for (const { key, from } of program.plans.evaluate.counts)
    for (const [i, count] of result.counts[key]!.entries()) totals[from + i] = count;
  const scores = rowsOf(host.run('predict', batch).output, outputs);
  const labels = Array.from(batch.labels);
  const counts = { train: host.run('train', batch).counts, evaluate: result.counts };
  return { figures: figures(program, 'evaluate', totals, ROWS), scores, labels, counts };
}

const rowsOf = (flat: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: flat.length / width }, (_, row) =>
    Array.from({ length: width }, (_, i) => flat[row * width + i]!),
  );
const argmax = (row: readonly number[]): number => row.indexOf(Math.max(...row));
const share = (hits: readonly boolean[]): number => hits.filter(Boolean).length / hits.length;
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

type Pair = readonly [actual: number, predicted: number];

/** All that the confusion metrics give, from (true, predicted) pairs, class by class. */
function expectedFigures(pairs: readonly Pair[], classes: number) {
  const count = (test: (pair: Pair) => boolean) => pairs.filter(test).length;
  const perClass = Array.from({ length: classes }, (_, c) => {
    const hits = count(([a, p]) => a === c && p === c);
    const precision =
      hits /
      Math.max(
        1,
        count(([, p]) => p === c),
      );
    const recall =
      hits /
      Math.max(
        1,
        count(([a]) => a === c),
      );
    return { precision, recall, f1: hits === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
  });
  const of = (name: 'precision' | 'recall' | 'f1') => perClass.map((c) => c[name]);
  return {
    confusion_matrix: Array.from({ length: classes }, (_, a) =>
      Array.from({ length: classes }, (_, p) => count((pair) => pair[0] === a && pair[1] === p)),
    ),
    ...Object.fromEntries(
      (['precision', 'recall', 'f1'] as const).flatMap((name) => [
        [name, mean(of(name))],
        [`${name}_per_class`, of(name)],
      ]),
    ),
  };
}

/** Numbers within 1e-12, in the same places. */
function close(actual: unknown, expected: unknown, what: string): void {
  if (typeof expected === 'number') {
    assert.ok(Math.abs((actual as number) - expected) <= 1e-12, `${what}: ${actual} instead of ${expected}`);
    return;
  }
  for (const [key, value] of Object.entries(expected as object))
    close((actual as Record<string, unknown>)[key], value, `${what}.${key}`);
}

const confusions = [registry.confusion_matrix(), registry.precision(), registry.recall(), registry.f1()];
const all = [registry.accuracy(), registry.top_k(1), registry.top_k(3), ...confusions];

describe('metrics', () => {
  for (const classes of [2, 5, 16, 17])
    for (const [title, fromLogits] of [
      ['probabilities', false],
      ['logits', true],
    ] as const) {
      it(`of ${classes} classes and ${title} count as plain loops do`, () => {
        const activation = fromLogits ? 'linear' : 'softmax';
        const { figures, scores, labels } = evaluate(
          'SparseCategoricalCrossentropy',
          classes,
          activation,
          all,
          fromLogits,
        );
        const pairs = labels.map((label, i): Pair => [label, argmax(scores[i]!)]);
        const place = (label: number, row: readonly number[]) => row.filter((score) => score > row[label]!).length;
        close(
          figures,
          {
            accuracy: share(pairs.map(([a, p]) => a === p)),
            top_1: share(pairs.map(([a, p]) => a === p)),
            top_3: share(labels.map((label, i) => place(label, scores[i]!) < 3)),
            ...expectedFigures(pairs, classes),
          },
          'figures',
        );
      });
    }

  it('of distributions take the most likely class of a label', () => {
    const { figures, scores, labels } = evaluate('CategoricalCrossentropy', 5, 'softmax', all);
    const pairs = rowsOf(labels, 5).map((label, i): Pair => [argmax(label), argmax(scores[i]!)]);
    close(figures, { accuracy: share(pairs.map(([a, p]) => a === p)), ...expectedFigures(pairs, 5) }, 'figures');
  });

  for (const fromLogits of [false, true])
    it(`of one sigmoid judge at 0.5${fromLogits ? ', from logits' : ''}`, () => {
      const metrics = [registry.accuracy(), ...confusions];
      const activation = fromLogits ? 'linear' : 'sigmoid';
      const { figures, scores, labels } = evaluate('BinaryCrossentropy', 1, activation, metrics, fromLogits);
      const pairs = labels.map((label, i): Pair => [label, Number(scores[i]![0]! > (fromLogits ? 0 : 0.5))]);
      close(figures, { accuracy: share(pairs.map(([a, p]) => a === p)), ...expectedFigures(pairs, 2) }, 'figures');
    });

  it('of several sigmoids count right outputs', () => {
    const { figures, scores, labels } = evaluate('BinaryCrossentropy', 5, 'sigmoid', [registry.accuracy()]);
    const right = rowsOf(labels, 5).flatMap((label, i) => label.map((t, j) => t > 0.5 === scores[i]![j]! > 0.5));
    close(figures, { accuracy: share(right) }, 'figures');
  });

  it('that every step counts are counted in training too, the others are not', () => {
    const { counts } = evaluate('SparseCategoricalCrossentropy', 5, 'softmax', all);
    assert.deepEqual(Object.keys(counts.train), ['correct', 'top_k:1', 'top_k:3']);
    assert.deepEqual(Object.keys(counts.evaluate), ['correct', 'top_k:1', 'top_k:3', 'confusion']);
    for (const key of Object.keys(counts.train)) assert.deepEqual(counts.train[key], counts.evaluate[key]);
  });
});
