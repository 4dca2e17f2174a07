// samplers.test.ts: the orders in which training draws: what an epoch has, how even it is, and that nothing but (seed, epoch, step) decides.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../../datasets/from-arrays.ts';
import { sampler } from '../../../datasets/sampler.ts';
import { labelsOf, type SamplerConfig, samplerSchema, samplers } from '../../../datasets/samplers/index.ts';
import { jobHash } from '../../../trainer/job.ts';
import { mlp, smallJob } from '../../support/small-jobs.ts';
import { outcome, smallRun } from '../../support/small-run.ts';

/** 700 of class 0, 200 of class 1, 100 of class 2, none of class 3; mixed up. */
const labels = Int32Array.from({ length: 1000 }, (_, i) => [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][(i * 7) % 10]!);
const batch = 50;
const config = (json: unknown): SamplerConfig => samplerSchema.parse(json);
const open = (json: unknown, seed = 3) =>
  sampler({ length: 1000, batch, seed, shuffle: true, by: config(json), labels, classes: 4 });
const epochOf = (json: unknown, epoch: number): number[] =>
  Array.from({ length: 20 }, (_, step) => [...open(json).indices(epoch, step)]).flat();
const countsOf = (indices: readonly number[]): number[] =>
  [0, 1, 2, 3].map((label) => indices.filter((i) => labels[i] === label).length);

const all = ['shuffled', 'stratified', 'balanced', { class_name: 'weighted', config: { weights: [1, 0, 3, 1] } }];

describe('samplers', () => {
  for (const json of all)
    it(`${JSON.stringify(json)}: a step is a function of seed, epoch and step alone, and another in another epoch`, () => {
      const one = open(json);
      const late = one.indices(5, 17);
      one.indices(2, 3);
      assert.deepEqual(open(json).indices(5, 17), late);
      assert.deepEqual(one.indices(5, 17), late);
      assert.notDeepEqual(one.indices(6, 17), late);
      assert.notDeepEqual(open(json, 4).indices(5, 17), late);
    });
  for (const json of ['shuffled', 'stratified'])
    it(`${json}: an epoch has every sample once`, () => {
      assert.deepEqual(
        epochOf(json, 1).toSorted((a, b) => a - b),
        Array.from({ length: 1000 }, (_, i) => i),
      );
    });
  it('stratified: every batch of 50 has 35, 10 and 5 of the classes, within 2 of each', () => {
    const one = open('stratified');
    for (let step = 0; step < 20; step++) {
      const counts = countsOf([...one.indices(4, step)]);
      for (const [label, wanted] of [35, 10, 5, 0].entries())
        assert.ok(Math.abs(counts[label]! - wanted) <= 2, `step ${step}: ${counts}`);
    }
  });
  it('balanced: classes with samples come equally often, within 4 standard deviations', () => {
    const counts = countsOf([0, 1, 2].flatMap((epoch) => epochOf('balanced', epoch)));
    for (const count of counts.slice(0, 3))
      assert.ok(Math.abs(count - 1000) < 4 * Math.sqrt(3000 * (2 / 9)), `${counts}`);
    assert.equal(counts[3], 0);
  });
  it('weighted: samples come in proportion to the weight of their class, within 4 standard deviations', () => {
    const counts = countsOf([0, 1, 2].flatMap((epoch) => epochOf(all[3], epoch)));
    assert.equal(counts[1], 0);
    assert.ok(Math.abs(counts[0]! - 2100) < 4 * Math.sqrt(3000 * 0.7 * 0.3), `${counts}`);
  });
  it('knows the labels of a dataset, and refuses one without classes', () => {
    const make = (classes: number | null) =>
      readerFromArrays({
        fields: { image: { shape: [1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
        data: { image: new Uint8Array(4), label: Int32Array.of(2, 0, 1, 2) },
        classes,
      });
    assert.deepEqual(labelsOf(make(3), config('balanced')), Int32Array.of(2, 0, 1, 2));
    assert.throws(() => labelsOf(make(null), config('balanced')), /draw samples: balanced.*a class for each sample/s);
  });
  it('refuses other numbers of weights than classes', () => {
    const two = { class_name: 'weighted', config: { weights: [1, 2] } };
    assert.throws(() => open(two), /got 2 weights, expected 4, one for each class/);
    assert.deepEqual(Object.keys(samplers), ['shuffled', 'stratified', 'weighted', 'balanced']);
  });
});

describe('a job with a sampler', () => {
  const job = (json: unknown) => smallJob(mlp, { batch: 10, microShards: 2, epochs: 2, sampler: json });
  it('has another hash, and other bytes, but the same with any number of threads and when it goes on in an epoch', async () => {
    const every = { ...job('balanced'), checkpoint: { everySteps: 3, keep: 3 } };
    const { saved, ...one } = await smallRun(every, { threads: 1 });
    assert.deepEqual(outcome(await smallRun(every, { threads: 2 })), outcome(one));
    const start = saved.find(({ version }) => version === 3)!;
    assert.deepEqual(outcome(await smallRun(every, { start })), outcome(one));
    assert.notEqual(await jobHash(job('balanced')), await jobHash(job('shuffled')));
  });
});
