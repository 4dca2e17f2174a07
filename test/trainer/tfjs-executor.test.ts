// tfjs-executor.test.ts: whole runs by tfjs' `cpu` backend beside those of our kernels: bundles, losses of users, tensors that stay, refusals.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { importLayers } from '../../trainer/layers/import-layers.ts';
import { executorNamed, type TfjsExecutor } from '../../trainer/tfjs-executor.ts';
import { convNet, mlp, smallJob } from '../support/small-jobs.ts';
import { JOBS, smallRun } from '../support/small-run.ts';

const CASES = {
  'a job in bundles of two micro-shards': { jobOf: () => JOBS.dense, level: 1 },
  'a job with convolutions and every metric': { jobOf: () => JOBS.convolutional, level: 0 },
  'a loss of a user': {
    jobOf: () => smallJob(mlp, { batch: 12, microShards: 4, loss: 'own_class_squares', metrics: [] }),
    level: 0,
  },
};

/** What --executor tfjs-cpu gives, and the tensors on the device after each piece of work. */
function watched(job: typeof JOBS.dense) {
  const tensors: number[] = [];
  const { staging, create } = executorNamed('tfjs-cpu', job)!;
  return {
    tensors,
    executor: {
      staging,
      create(prepared: Parameters<typeof create>[0]) {
        const inner = create(prepared) as TfjsExecutor;
        const compute: TfjsExecutor['compute'] = async (...given) => {
          const contribution = await inner.compute(...given);
          await contribution.ready;
          tensors.push(inner.tensors);
          return contribution;
        };
        return { profile: inner.profile, unit: inner.unit, compute, close: () => inner.close() };
      },
    },
  };
}

describe('runs by tfjs', () => {
  before(() => importLayers([fileURLToPath(new URL('fixtures/own-losses.ts', import.meta.url))]));

  for (const [title, { jobOf, level }] of Object.entries(CASES))
    it(`${title}: losses within 1e-4 of our kernels', and as many tensors on the device after each step`, async () => {
      const job = jobOf();
      const { executor, tensors } = watched(job);
      const ours = await smallRun(job, { level });
      const theirs = await smallRun(job, { level, executor });
      const losses = [ours, theirs].map(({ events }) =>
        events.flatMap((event) => (event.event === 'epoch' ? [event.train['loss'] as number] : [])),
      ) as [number[], number[]];
      assert.equal(losses[0].length, job.epochs);
      losses[0].forEach((loss, i) => {
        assert.ok(Math.abs(losses[1][i]! - loss) <= 1e-4 * loss, `epoch ${i}: ${losses[1][i]}, not ${loss}`);
      });
      assert.ok(tensors.length > job.epochs * 4);
      assert.deepEqual(new Set(tensors).size, 1, `${tensors}`);
    });

  it('are refused with the name of what tfjs cannot compute, or of an executor that there is not', () => {
    assert.throws(() => executorNamed('abacus', JOBS.dense), { code: 'SHOAL_USAGE', got: /abacus/, expected: /wasm/ });
    const rounded = smallJob(convNet, { codec: 'f16' });
    assert.throws(() => executorNamed('tfjs-cpu', rounded), { code: 'SHOAL_EXECUTOR', got: /f16/ });
  });
});
