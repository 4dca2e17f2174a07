// run-folder.test.ts: a run's folder through Files in memory: what is saved, what is found again, what is refused. Faults: run-folder-faults.
import assert from 'node:assert/strict';
import { ShoalError } from '../../base/errors.ts';
import { registerCallback } from '../../trainer/callbacks/register.ts';
import { findCheckpoints } from '../../trainer/checkpoint-read.ts';
import type { RunEvent, StartEvent } from '../../trainer/events.ts';
import { readSmall } from '../../trainer/files.ts';
import { jobHash, parseJob } from '../../trainer/job.ts';
import { createRun, openRun, writeJob } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { freshSnapshot } from '../../trainer/snapshot.ts';
import { MemoryDisk } from './memory-disk.ts';
import {
  data,
  eventsOf,
  exportedStep,
  job,
  json,
  newDisk,
  PARAMETERS,
  profile,
  record,
  snapshotAt,
} from './recording.ts';

describe('the folder of a run', () => {
  it('takes the next name where one is taken', async () => {
    const { disk, path } = await newDisk();
    assert.equal(path, '/runs/tiny');
    assert.equal(await createRun('/runs', job, disk), '/runs/tiny-2');
    assert.equal(await createRun('/runs', job, disk), '/runs/tiny-3');
  });

  it('holds the job, which reads back to the same job', async () => {
    const { disk, path } = await newDisk();
    const { job: again, checkpoint, problems } = await openRun(path, undefined, disk);
    assert.deepEqual(again, job);
    assert.equal(await jobHash(again), await jobHash(job));
    assert.equal(checkpoint, null);
    assert.deepEqual(problems, []);
  });

  it('gives back what was saved, bit for bit, and keeps as many checkpoints as the job says', async () => {
    const { disk, path } = await newDisk();
    const { save, recorder, problems } = await record(disk, path);
    for (const step of [1, 2, 3]) await save(step);
    await recorder.close();
    const { checkpoint } = await openRun(path, undefined, disk);
    assert.deepEqual(checkpoint!.snapshot, snapshotAt(3));
    assert.deepEqual(
      (await findCheckpoints(`${path}/checkpoints`, disk)).map(({ step }) => step),
      [3, 2],
    );
    assert.equal(await exportedStep(disk, `${path}/model/last`), 3);
    assert.deepEqual(problems(), []);
  });

  it('writes each event once, and curves for both parts', async () => {
    const { disk, path } = await newDisk();
    const { save, recorder, events } = await record(disk, path);
    recorder.note({ event: 'step', step: 1, epoch: 1, loss: 3, metrics: {}, ms: 1, samples: 8 });
    await save(1, 0.5);
    await recorder.close();
    const lines = await eventsOf(disk, path);
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['start', 'step', 'epoch', 'model', 'model', 'checkpoint'],
    );
    assert.deepEqual(
      lines.filter(({ event }) => event !== 'step'),
      events,
    );
    for (const [part, tags] of Object.entries({ train: ['batch/loss', 'loss'], validation: ['loss', 'accuracy'] })) {
      const [file] = await disk.list(`${path}/${part}`);
      const bytes = Buffer.from(await readSmall(disk, `${path}/${part}/${file}`, 1e6));
      for (const tag of tags) assert.ok(bytes.includes(tag), `${tag} in ${part}`);
    }
  });

  it('keeps the best model by held-out accuracy, across a resume too', async () => {
    const { disk, path } = await newDisk();
    const best = () => exportedStep(disk, `${path}/model/best`);
    const first = await record(disk, path);
    await first.save(1, 0.5);
    await first.save(2, 0.7);
    await first.save(3, 0.7); // as good: the earlier stays
    await first.recorder.close();
    assert.equal(await best(), 2);
    const second = await record(disk, path, true);
    await second.save(4, 0.6);
    assert.equal(await best(), 2);
    await second.save(5, 0.8);
    await second.recorder.close();
    assert.equal(await best(), 5);
  });

  it('keeps the best model by the figure that ModelCheckpoint names, across a resume too', async () => {
    const { disk, path } = await newDisk();
    const best = () => exportedStep(disk, `${path}/model/best`);
    const lowest = { class_name: 'ModelCheckpoint', config: { monitor: 'val_accuracy', mode: 'min' } };
    const watching = parseJob({ ...json(), callbacks: [lowest] }, 'tiny.json');
    const first = await record(disk, path, false, watching);
    await first.save(1, 0.5);
    await first.save(2, 0.7);
    await first.save(3, 0.4);
    await first.recorder.close();
    assert.equal(await best(), 3);
    const second = await record(disk, path, true, watching);
    await second.save(4, 0.45);
    assert.equal(await best(), 3);
    await second.save(5, 0.2);
    await second.recorder.close();
    assert.equal(await best(), 5);
  });

  it("tells callbacks of the user's own everything in order, and goes on when one throws", async () => {
    const { disk, path } = await newDisk();
    const heard: string[] = [];
    registerCallback({
      module: import.meta.url,
      className: 'Listener',
      config: { throwsAt: 0 },
      onEvent(event, { throwsAt }) {
        if (event.event === 'epoch' && event.epoch === throwsAt) throw new Error('enough');
        heard.push(event.event === 'epoch' ? `epoch ${event.epoch}` : event.event);
      },
    });
    const callbacks = [{ class_name: 'Listener', config: { throwsAt: 2 } }];
    const own = parseJob({ ...json(), callbacks }, 'tiny.json');
    const { save, recorder, events } = await record(disk, path, false, own);
    for (const step of [1, 2, 3]) await save(step);
    await recorder.close();
    assert.deepEqual(
      heard.filter((what) => /start|epoch/.test(what)),
      ['start', 'epoch 1', 'epoch 3'],
    );
    const problems = events.flatMap((event) => (event.event === 'problem' ? [event.problem] : []));
    assert.deepEqual(
      problems.map(({ code, got }) => [code, got]),
      [['SHOAL_CALLBACK', 'enough']],
    );
    assert.throws(() => parseJob({ ...json(), callbacks: ['Listner'] }, 'tiny.json'), { expected: /Listener/ });
    const mine = { module: import.meta.url, onEvent() {} };
    assert.throws(() => registerCallback({ ...mine, className: 'CSVLogger' }), { code: 'SHOAL_CALLBACK' });
  });

  it('refuses another job by the keys that differ, and takes more epochs', async () => {
    const { disk, path } = await newDisk();
    const { save, recorder } = await record(disk, path);
    await save(1);
    await recorder.close();
    const other = parseJob({ ...json(), seed: 7, batch: 16 }, 'tiny.json');
    await assert.rejects(
      openRun(path, other, disk),
      (error) =>
        error instanceof ShoalError &&
        error.code === 'SHOAL_RUN_JOB' &&
        /another batch, microShards, seed$/.test(error.got),
    );
    const longer = parseJob({ ...json(), epochs: 9 }, 'tiny.json');
    assert.deepEqual((await openRun(path, longer, disk)).checkpoint!.snapshot, snapshotAt(1));
    await writeJob(path, longer, disk);
    assert.equal((await openRun(path, undefined, disk)).job.epochs, 9);
  });

  it('refuses to go on with other data, and tells of other kernels', async () => {
    const { disk, path } = await newDisk();
    const { save, recorder } = await record(disk, path);
    await save(1);
    await recorder.close();
    const from = (await openRun(path, undefined, disk)).checkpoint;
    const options = { path, job, tool: 'test', data, from, emit: () => {}, files: disk };
    await assert.rejects(
      recordRun({ ...options, data: { train: 'a', test: 'c' } }),
      (error) => error instanceof ShoalError && error.code === 'SHOAL_RUN_DATA',
    );
    const told: RunEvent[] = [];
    const again = await recordRun({ ...options, emit: (event) => told.push(event) });
    again.note({ event: 'start', profile: { ...profile, kernels: 'other' } } as StartEvent);
    assert.equal(told.length, 1);
    assert.equal(told[0]!.event === 'problem' && told[0]!.problem.code, 'SHOAL_RUN_PROFILE');
  });

  it('tells once that tfjs cannot hold a model, and goes on with checkpoints', async () => {
    const grouped = parseJob(
      json([{ class_name: 'Conv2D', config: { filters: 2, kernel_size: 1, groups: 2 } }]),
      'grouped.json',
    );
    const disk = new MemoryDisk();
    const path = await createRun('/runs', grouped, disk);
    const { recorder, problems } = await record(disk, path, false, grouped);
    const parameters = new Float32Array(2 + 2 + PARAMETERS).fill(1);
    for (const step of [1, 2])
      await recorder.save(
        { ...freshSnapshot(grouped, { parameters, state: new Float32Array(0) }), version: step },
        { epoch: step, epochEnd: true, metrics: null },
      );
    await recorder.close();
    assert.deepEqual(problems(), ['SHOAL_EXPORT_UNSUPPORTED']);
    assert.equal((await openRun(path, undefined, disk)).checkpoint!.manifest.step, 2);
  });

  it('says what is missing where there is no run', async () => {
    await assert.rejects(
      openRun('/nowhere', undefined, new MemoryDisk()),
      (error) =>
        error instanceof ShoalError && error.code === 'SHOAL_RUN_MISSING' && error.operation.includes('/nowhere'),
    );
  });
});
