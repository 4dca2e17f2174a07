// unfrozen-run.test.ts: layers that are trained from a later epoch on: what an optimizer counts of its updates, it counts from there.
import assert from 'node:assert/strict';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { mlp, smallJob } from '../support/small-jobs.ts';
import { dataset, outcome, smallRun } from '../support/small-run.ts';

const rate = 0.01;
/** Nothing is drawn by the step. */
const layers = mlp.filter(({ class_name }) => class_name !== 'Dropout');
const config = { learning_rate: rate, epsilon: 1e-12 };
/** The first layer rests for two epochs of one step each, or of as many as `batch` gives. */
const job = (class_name: string, more: object = {}) =>
  smallJob(layers, {
    batch: dataset.train.length,
    epochs: 3,
    optimizer: { class_name, config },
    freeze: [{ layers: 'dense', until: 2 }],
    ...more,
  });

describe('a layer that is trained from the third epoch on', () => {
  for (const class_name of ['Adam', 'Adamax', 'Lamb', 'Nadam']) {
    it(`takes the first step of ${class_name} that it would take at a run's beginning, within 1e-5 of its norm`, async () => {
      const rested = job(class_name);
      const { saved } = await smallRun(rested);
      const before = saved.find(({ version }) => version === 2)!;
      const after = saved.find(({ version }) => version === 3)!;
      // a run that begins with the weights of that moment
      const { parameters, state } = before;
      const fresh = job(class_name, { freeze: [], epochs: 1 });
      const { weights } = await smallRun(fresh, { start: { ...firstSnapshot(fresh), parameters, state } });
      for (const { path, flat, length } of segmentsOf(rested.model).parameters.filter((s) =>
        s.path.startsWith('dense/'),
      )) {
        const moved = (to: Float32Array) => Array.from({ length }, (_, i) => to[flat + i]! - parameters[flat + i]!);
        const [own, expected] = [moved(after.parameters), moved(weights.parameters)];
        const norm = Math.hypot(...expected);
        assert.ok(norm > 0);
        const error = Math.hypot(...own.map((value, i) => value - expected[i]!));
        assert.ok(error <= 1e-5 * norm, `${path}: ${error / norm}`);
      }
    });
  }

  it('gives the same hashes with other threads and ranges, and resumed before and after that epoch', async () => {
    const rested = job('Adam', { batch: 10, microShards: 4, epochs: 4 });
    const all = await smallRun(rested, { threads: 1 });
    const expected = outcome(all);
    assert.deepEqual(outcome(await smallRun(rested, { threads: 2, ranges: 3 })), expected);
    for (const start of [all.saved[0]!, all.saved[2]!])
      assert.deepEqual(outcome(await smallRun(rested, { start })), expected);
  });
});
