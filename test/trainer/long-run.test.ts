// long-run.test.ts: ten thousand steps: nothing is collected in a compute thread, and the host does not grow.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { prepare } from '../../trainer/prepare.ts';
import { smallJob } from '../support/small-jobs.ts';
import { lastEvent, smallRun } from '../support/small-run.ts';

const layer = (class_name: string, config: object) => ({ class_name, config });
/** @param hidden units of layers between the input and the output */
const jobOf = (hidden: readonly number[]) =>
  smallJob(
    [
      layer('InputLayer', { batch_shape: [null, 4] }),
      ...hidden.map((units) => layer('Dense', { units, activation: 'relu' })),
      layer('Dense', { units: 2, activation: 'softmax' }),
    ],
    { batch: 2, microShards: 2, epochs: 5, evaluateEvery: 5 },
  );

/** Sines, told apart by the sign of the first. */
const samples = (length: number) => {
  const image = Float32Array.from({ length: 4 * length }, (_, i) => Math.sin(i));
  return readerFromArrays({
    fields: { image: { shape: [4], dtype: 'f32' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label: Int32Array.from({ length }, (_, i) => (image[4 * i]! > 0 ? 1 : 0)) },
    classes: 2,
  });
};

describe('a run of 10,000 steps', () => {
  for (const [name, hidden] of [
    ['each its own leaves', [5]],
    ['one gradient together', [256, 256]],
  ] as const)
    it(`collects no garbage in any of two compute threads, and both compute, ${name}`, async () => {
      const dataset = { train: samples(4000), test: samples(64) };
      const job = jobOf(hidden);
      const { joint } = prepare(job, dataset, { threads: 2, local: true }).program;
      assert.equal(joint.size, hidden.length - 1);
      const { done, events } = await smallRun(job, { dataset, threads: 2 });
      assert.equal(done.steps, 10_000);
      assert.ok((done.metrics['accuracy'] as number) > 0.9, 'it learns, meanwhile');
      const { leaves, collections } = lastEvent(events, 'threads');
      assert.deepEqual(collections, [0, 0]);
      assert.deepEqual(leaves, [10_032, 10_032]);
    });
});
