// long-run.test.ts: ten thousand steps: nothing is collected in a compute thread, and the host does not grow.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { prepare } from '../../trainer/prepare.ts';
import { longNet, smallJob } from '../support/small-jobs.ts';
import { lastEvent, smallRun } from '../support/small-run.ts';

const layer = (class_name: string, config: object) => ({ class_name, config });
const dense = (units: number, activation = 'relu') => layer('Dense', { units, activation });

interface Case {
  /** Of a sample, its last axis being 1 where there are several. */
  readonly shape: readonly number[];
  /** Layers between the input and the output. */
  readonly layers: readonly object[];
  readonly batch: number;
  readonly microShards: number;
  /** Gradients that threads make together. */
  readonly joint: number;
}

const CASES: Readonly<Record<string, Case>> = {
  'each its own leaves': { shape: [4], layers: [dense(5)], batch: 2, microShards: 2, joint: 0 },
  'one gradient together': { shape: [4], layers: [dense(256), dense(256)], batch: 2, microShards: 2, joint: 1 },
  'one helping the other, which has twice as many leaves': {
    ...{ shape: [8, 8, 1], layers: longNet.slice(1, -1), batch: 9, microShards: 3, joint: 0 },
  },
};

/** Sines, told apart by the sign of their sum. */
function samples(length: number, shape: readonly number[]) {
  const size = shape.reduce((a, b) => a * b);
  const image = Float32Array.from({ length: size * length }, (_, i) => Math.sin(i));
  const sumOf = (i: number) => image.subarray(size * i, size * (i + 1)).reduce((a, b) => a + b);
  return readerFromArrays({
    fields: { image: { shape, dtype: 'f32' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label: Int32Array.from({ length }, (_, i) => (sumOf(i) > 0 ? 1 : 0)) },
    classes: 2,
  });
}

describe('a run of 10,000 steps', () => {
  for (const [name, { shape, layers, batch, microShards, joint }] of Object.entries(CASES))
    it(`collects no garbage in any of two compute threads, and both compute, ${name}`, async () => {
      const dataset = { train: samples(2000 * batch, shape), test: samples(batch * 32, shape) };
      const input = layer('InputLayer', { batch_shape: [null, ...shape] });
      const job = smallJob([input, ...layers, dense(2, 'softmax')], {
        batch,
        microShards,
        epochs: 5,
        evaluateEvery: 5,
      });
      assert.equal(prepare(job, dataset, { threads: 2, local: true }).program.joint.size, joint);
      const { done, events } = await smallRun(job, { dataset, threads: 2 });
      assert.equal(done.steps, 10_000);
      assert.ok((done.metrics['accuracy'] as number) > 0.9, 'it learns, meanwhile');
      const { leaves, collections } = lastEvent(events, 'threads');
      assert.deepEqual(collections, [0, 0]);
      const longer = Math.ceil(microShards / 2);
      assert.deepEqual(leaves, [10_032 * longer, 10_032 * (microShards - longer)]);
    });
});
