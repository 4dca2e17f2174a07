// gathered-updates.test.ts: updates that need norms, averages and the gradients of several batches: the same bytes on any machine, and
// resumed at any step, within a window of batches too. Against the oracle: steps.test.ts; over servers: cluster/range-server.test.ts.
import assert from 'node:assert/strict';
import { boundedMlp, mlp, smallJob } from '../support/small-jobs.ts';
import { outcome, smallRun } from '../support/small-run.ts';

const windows = { gradient_accumulation_steps: 3, use_ema: true, ema_momentum: 0.8, ema_overwrite_frequency: 2 };
const ways = [
  ['Lamb clipped by the norm of all', boundedMlp, 'Lamb', { global_clipnorm: 0.2, weight_decay: 0.1, ...windows }],
  ['LARS clipped tensor by tensor', mlp, 'LARS', { clipnorm: 0.1, weight_decay: 0.1, ...windows }],
  ['Adam clipped value by value', boundedMlp, 'Adam', { clipvalue: 0.01, ...windows }],
] as const;

// four batches of 12, 12, 12 and 7 rows an epoch, windows of three: they go over the ends of epochs
describe('gradients of three batches at a time, averages that replace the weights', () => {
  for (const [name, layers, class_name, config] of ways)
    it(`${name}: the same hashes with other threads and ranges, and resumed after each step`, async () => {
      const job = smallJob(layers, { batch: 12, microShards: 5, optimizer: { class_name, config } });
      const first = await smallRun({ ...job, checkpoint: { everySteps: 1, keep: 3 } }, { threads: 1, ranges: 1 });
      const expected = outcome(first);
      assert.equal(expected.steps, 8);
      for (const ranges of [2, 3]) assert.deepEqual(outcome(await smallRun(job, { threads: 2, ranges })), expected);
      for (const start of first.saved.slice(0, -1))
        assert.deepEqual(outcome(await smallRun(job, { start, ranges: 2 })), expected, `from step ${start.version}`);
    });
});
