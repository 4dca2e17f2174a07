// open-run.test.ts: runs that cannot be gone on with, or not as asked: refused by what is the matter, through Files in memory. What is saved
// and found again: run-folder.test.ts.
import assert from 'node:assert/strict';
import { type Files, writeDurably } from '../../trainer/files.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { MemoryDisk } from './memory-disk.ts';

const json = {
  name: 'tiny',
  model: {
    class_name: 'Sequential',
    config: {
      name: 'tiny',
      layers: [
        { class_name: 'InputLayer', config: { batch_shape: [null, 4] } },
        { class_name: 'Dense', config: { name: 'dense', units: 3, activation: 'softmax' } },
      ],
    },
  },
  data: { reader: 'arrays' },
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  epochs: 5,
};
const job: Job = parseJob(json, 'tiny.json');

async function save(disk: MemoryDisk, path: string): Promise<void> {
  const data = { train: 'a', test: 'b' };
  const recorder = await recordRun({ path, job, tool: 'test', data, from: null, emit() {}, files: disk });
  await recorder.save(firstSnapshot(job), { epoch: 0, epochEnd: false, metrics: null });
  await recorder.close();
}

describe('a run', () => {
  it('that began with given weights does not begin anew with those of the seed where no checkpoint has them', async () => {
    const disk = new MemoryDisk();
    const path = await createRun('/runs', job, disk, true);
    const refused = { code: 'SHOAL_RUN_NO_CHECKPOINT', got: /^no whole checkpoint/, expected: /weights of a file/ };
    await assert.rejects(openRun(path, undefined, disk), refused);
    await save(disk, path);
    assert.equal((await openRun(path, undefined, disk)).checkpoint!.snapshot.version, 0);
    const file = `${path}/checkpoints/step-00000000/parameters.safetensors`;
    await writeDurably(disk, file, [new Uint8Array(8)], 'replace');
    await assert.rejects(openRun(path, undefined, disk), { ...refused, got: /parameters\.safetensors: got 8 bytes/ });
  });

  const changes: readonly (readonly [string, object])[] = [
    ['augment', { augment: ['RandomHorizontalFlip'] }],
    ['sampler', { sampler: 'stratified' }],
    ['rates', { rates: [{ layers: 'dense', factor: 0.5 }] }],
    ['sampleWeights', { sampleWeights: 'weight' }],
    ['callbacks, evaluateEvery', { callbacks: ['EarlyStopping', 'CSVLogger'] }],
    ['optimizer', { optimizer: 'sgd', callbacks: ['CSVLogger'], evaluateEvery: 2, tolerance: 0.1 }],
  ];
  for (const [keys, change] of changes)
    it(`that is to go on with another ${keys} is refused by that name`, async () => {
      const disk = new MemoryDisk();
      const path = await createRun('/runs', job, disk);
      await save(disk, path);
      const other = parseJob({ ...json, ...change }, 'tiny.json');
      await assert.rejects(openRun(path, other, disk), { code: 'SHOAL_RUN_JOB', got: `another ${keys}` });
    });

  it('whose checkpoints cannot be listed is refused by their folder', async () => {
    const disk = new MemoryDisk();
    const path = await createRun('/runs', job, disk);
    const list = async (): Promise<string[]> => {
      throw Object.assign(new Error("EACCES: permission denied, scandir 'checkpoints'"), { code: 'EACCES' });
    };
    const files: Files = Object.create(disk, { list: { value: list } });
    const refused = { code: 'SHOAL_CHECKPOINT_UNREADABLE', operation: `read the checkpoint ${path}/checkpoints` };
    await assert.rejects(openRun(path, undefined, files), { ...refused, got: /^EACCES/ });
  });
});
