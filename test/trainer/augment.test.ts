// augment.test.ts: jobs whose samples are changed on their way: the same bytes however they are run, and other bytes than without.
import assert from 'node:assert/strict';
import { jobHash } from '../../trainer/job.ts';
import { prepare } from '../../trainer/prepare.ts';
import { mlp, smallJob } from '../support/small-jobs.ts';
import { dataset, outcome, smallRun } from '../support/small-run.ts';

const model = mlp.map((layer, i) =>
  i === 0 ? { class_name: 'InputLayer', config: { batch_shape: [null, 6, 6, 1] } } : layer,
);
const changes = {
  batch: 12,
  microShards: 4,
  epochs: 2,
  loss: 'categorical_crossentropy',
  augment: [
    { class_name: 'RandomResizedCrop', config: { size: 6, scale: [0.3, 1] } },
    'RandomHorizontalFlip',
    'RandAugment',
    { class_name: 'CutMix', config: { p: 0.7 } },
  ],
};

describe('a job with a list "augment"', () => {
  const job = smallJob(model, changes);
  it('ends in the same bytes with any number of threads, teams and micro-shards side by side', async () => {
    const expected = outcome(await smallRun(job, { threads: 1, level: 0 }));
    for (const options of [{ threads: 2 }, { threads: 2, teamSize: 2 }, { threads: 1, level: 2 }])
      assert.deepEqual(outcome(await smallRun(job, options)), expected, JSON.stringify(options));
  });
  it('goes on from the middle of an epoch to the same bytes', async () => {
    const every = smallJob(model, { ...changes, checkpoint: { everySteps: 3 } });
    const { saved, ...whole } = await smallRun(every);
    const start = saved.find(({ version }) => version === 3)!;
    assert.deepEqual(outcome(await smallRun(every, { start })), outcome(whole));
  });
  it('is another job than the same without, and its hash says so; without, the hash is as ever', async () => {
    const [with_, without] = [await jobHash(job), await jobHash(smallJob(model, { ...changes, augment: [] }))];
    assert.notEqual(with_, without);
  });
  it('names options by their defaults, so that leaving one out or spelling it is one job', async () => {
    const spelt = smallJob(model, {
      ...changes,
      augment: [{ class_name: 'random_horizontal_flip', config: { p: 0.5 } }],
    });
    const short = smallJob(model, { ...changes, augment: ['RandomHorizontalFlip'] });
    assert.equal(await jobHash(spelt), await jobHash(short));
  });
  it('refuses unknown transforms and options by name, and mixing for labels that are classes', () => {
    const read = (augment: readonly unknown[]) => smallJob(model, { ...changes, augment });
    assert.throws(() => read(['RandomSnow']), /expected one of the known transforms: AugMix, AutoAugment/);
    assert.throws(() => read([{ class_name: 'ColorJitter', config: { glow: 1 } }]), /the unknown key "glow"/);
    const sparse = smallJob(model, { ...changes, loss: 'sparse_categorical_crossentropy' });
    assert.throws(
      () => prepare(sparse, dataset, { threads: 1 }),
      /CutMix, expected labels that become shares of classes/s,
    );
  });
});
