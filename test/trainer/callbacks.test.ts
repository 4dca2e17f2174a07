// callbacks.test.ts: what callbacks decide beside what Keras' do (test/golden/make-callbacks.py); and runs that follow them: the same bytes on
// other machines, after a resume, after an interruption.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { callbackSchema, decide } from '../../trainer/callbacks/index.ts';
import { figureOf } from '../../trainer/callbacks/kind.ts';
import { parseJob } from '../../trainer/job.ts';
import { mlp, smallJob } from '../support/small-jobs.ts';
import { outcome, smallRun } from '../support/small-run.ts';

interface Golden {
  readonly figures: readonly number[];
  readonly cases: readonly {
    readonly class_name: string;
    readonly config: { readonly monitor: string };
    readonly rates?: readonly number[];
    readonly stop: number | null;
    readonly restored?: number;
  }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL('../golden/callbacks.json', import.meta.url), 'utf8'));
const past = golden.figures.map((loss, i) => ({
  version: 10 * (i + 1),
  epoch: i + 1,
  figures: { loss, accuracy: 1 - loss / 2 },
}));

describe('callbacks', () => {
  for (const { class_name, config, rates, stop, restored } of golden.cases) {
    it(`decide after each epoch as Keras' do, rates within 1e-6, and name the epoch whose weights Keras restores: ${class_name} ${JSON.stringify(config)}`, () => {
      const callback = callbackSchema.parse({ class_name, config });
      const after = past.map((_, i) => decide([callback], past.slice(0, i + 1), 0.1));
      const stopped = after.findIndex((decision) => decision.stop);
      assert.equal(stopped < 0 ? null : stopped + 1, stop);
      assert.equal(after[(stop ?? past.length) - 1]!.best, restored === undefined ? null : 10 * restored);
      for (const [i, rate] of (rates ?? []).entries()) {
        const ours = after[i]!.rate ?? 0.1;
        assert.ok(Math.abs(ours - rate) <= 1e-6 * rate, `epoch ${i + 1}: ${ours} for ${rate}`);
      }
    });
  }

  it('watch a loss for less of it and a metric for more, whatever the output is called', () => {
    const more = (monitor: string) => figureOf({ monitor, mode: 'auto' }).max;
    for (const name of ['loss', 'top_loss', 'top_left_loss', 'f1_loss', 'recall_loss', 'accuracy_loss'])
      assert.equal(more(`val_${name}`), false, name);
    for (const name of ['accuracy', 'top_5', 'precision', 'recall', 'f1', 'kind_f1', 'top_left_top_3', 'loss_accuracy'])
      assert.equal(more(`val_${name}`), true, name);
  });

  it('are refused where they watch what is not measured, or lower a schedule', () => {
    const json = { model: { class_name: 'Sequential', config: { layers: mlp } }, data: { reader: 'x' }, epochs: 1 };
    const loss = 'sparse_categorical_crossentropy';
    const plateau = { class_name: 'ReduceLROnPlateau' };
    const decay = {
      class_name: 'ExponentialDecay',
      config: { initial_learning_rate: 0.1, decay_steps: 1, decay_rate: 1 },
    };
    const optimizer = { class_name: 'SGD', config: { learning_rate: decay } };
    const other = { class_name: 'EarlyStopping', config: { monitor: 'val_f1' } };
    assert.throws(() => parseJob({ ...json, loss, optimizer: 'sgd', callbacks: [other] }, 'x'), { got: /val_f1/ });
    assert.throws(() => parseJob({ ...json, loss, optimizer, callbacks: [plateau] }, 'x'), { got: /ExponentialDecay/ });
    parseJob({ ...json, loss, optimizer: 'sgd', callbacks: [plateau], metrics: [] }, 'x');
  });
});

describe('a run with callbacks', () => {
  // every evaluation is a plateau: the rate falls after the second, and the fourth is the last of six
  const job = smallJob(mlp, {
    batch: 12,
    microShards: 5,
    epochs: 6,
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.05, momentum: 0.9 } },
    checkpoint: { everySteps: 3, keep: 3 },
    callbacks: [
      { class_name: 'ReduceLROnPlateau', config: { patience: 1, factor: 0.5, min_delta: 100 } },
      { class_name: 'EarlyStopping', config: { patience: 3, min_delta: 100 } },
    ],
  });
  let expected: Awaited<ReturnType<typeof smallRun>>;
  before('run it once', async () => {
    expected = await smallRun(job, { threads: 1 });
  });

  it('ends where they say, with other bytes than without them', async () => {
    assert.equal(expected.done.reason, 'early-stopping');
    assert.equal(expected.done.steps, 16);
    const plain = await smallRun({ ...job, epochs: 4, callbacks: [] }, { threads: 1 });
    assert.equal(plain.done.steps, 16);
    assert.notEqual(plain.done.parameters_sha256, expected.done.parameters_sha256);
    const stopped = await smallRun({ ...job, callbacks: job.callbacks.slice(1) }, { threads: 1 });
    assert.equal(stopped.done.parameters_sha256, plain.done.parameters_sha256, 'a stop changes no step');
  });

  it('has the same hashes and metrics on other threads, teams and ranges', async () => {
    for (const machine of [
      { threads: 2, teamSize: 1, ranges: 3 },
      { threads: 2, teamSize: 2, ranges: 2 },
    ])
      assert.deepEqual(outcome(await smallRun(job, machine)), outcome(expected));
  });

  it('has the same hashes and metrics when it is resumed from any of its checkpoints', async () => {
    const saved: Parameters<NonNullable<Parameters<typeof smallRun>[1]>['onSave'] & object>[] = [];
    await smallRun(job, { onSave: async (...args) => void saved.push(args) });
    assert.ok(saved.length >= 6);
    for (const [snapshot, info] of saved) {
      const start = { ...snapshot, evaluations: info.evaluations ?? [] }; // as a checkpoint keeps them
      assert.deepEqual(outcome(await smallRun(job, { start })), outcome(expected), `from step ${snapshot.version}`);
    }
  });
});
