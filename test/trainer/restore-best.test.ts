// restore-best.test.ts: runs that end with the weights of their best epoch: which those are, in memory and through a folder that is left and
// opened again after any checkpoint.
import assert from 'node:assert/strict';
import { findCheckpoints } from '../../trainer/checkpoint-read.ts';
import { readModelFile } from '../../trainer/import/index.ts';
import { endingOf } from '../../trainer/restore-best.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import type { SessionOptions } from '../../trainer/session.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { mlp, smallJob } from '../support/small-jobs.ts';
import { dataset, outcome, smallRun } from '../support/small-run.ts';
import { MemoryDisk } from './memory-disk.ts';

const withStatistics = [...mlp.slice(0, -1), { class_name: 'BatchNormalization', config: {} }, ...mlp.slice(-1)];
/** Nothing is better than the first evaluation, of step 4: the third ends the run. */
const early = { class_name: 'EarlyStopping', config: { patience: 2, min_delta: 100, restore_best_weights: true } };
const job = smallJob(mlp, { batch: 12, microShards: 5, epochs: 6, callbacks: [early], checkpoint: { keep: 1 } });

describe('a run that restores its best weights', () => {
  let expected: Awaited<ReturnType<typeof smallRun>>;
  before('run it once', async () => {
    expected = await smallRun(job, { threads: 1 });
  });

  it("ends with the best epoch's weights and moving statistics, and the optimizer's state of its last step", async () => {
    const { done, weights } = expected;
    assert.deepEqual([done.reason, done.steps, done.restored_step], ['early-stopping', 12, 4]);
    const best = await smallRun({ ...job, epochs: 1, callbacks: [] });
    const last = await smallRun({ ...job, epochs: 3, callbacks: [] });
    assert.equal(done.parameters_sha256, best.done.parameters_sha256);
    assert.equal(done.optimizer_sha256, last.done.optimizer_sha256);
    assert.deepEqual(done.metrics['loss'], best.done.metrics['loss']);
    assert.deepEqual(weights.parameters, best.weights.parameters);
    const moving = { callbacks: [early], batch: 20, microShards: 2 };
    const normalized = await smallRun(smallJob(withStatistics, { ...moving, epochs: 3 }));
    const once = await smallRun(smallJob(withStatistics, { ...moving, epochs: 1 }));
    assert.equal(normalized.done.state_sha256, once.done.state_sha256);
  });

  it('does so when its epochs are over before its patience is, and not when it is interrupted', async () => {
    const { done } = await smallRun({ ...job, epochs: 2 });
    assert.deepEqual([done.reason, done.restored_step], ['done', 4]);
    assert.equal(done.parameters_sha256, expected.done.parameters_sha256);
    const halt = new AbortController();
    const onEvent: SessionOptions['onEvent'] = (event) => event.event === 'step' && event.step === 6 && halt.abort();
    const cut = await smallRun(job, { signal: halt.signal, onEvent });
    assert.equal(cut.done.reason, 'interrupted');
    assert.equal(cut.done.restored_step, undefined);
    assert.notEqual(cut.done.parameters_sha256, expected.done.parameters_sha256);
  });

  it('has the same hashes and metrics when it is left at any step and goes on from its folder, which keeps one checkpoint and the best', async () => {
    const disk = new MemoryDisk();
    const path = await createRun('/runs', job, disk);
    const data = { train: dataset.train.hash, test: dataset.test.hash };
    let done = expected.done;
    for (const until of [2, 4, 5, 8, 9, 100]) {
      const { checkpoint } = await openRun(path, job, disk);
      const halt = new AbortController();
      const recorder = await recordRun({ path, job, tool: 'test', data, from: checkpoint, files: disk, emit() {} });
      const ran = await smallRun(job, {
        start: checkpoint?.snapshot ?? null,
        signal: halt.signal,
        onEvent: (event) => event.event === 'step' && event.step >= until && halt.abort(),
        onSave: (snapshot, info) => recorder.save(snapshot, info),
      });
      await recorder.close();
      done = ran.done;
    }
    assert.deepEqual(outcome({ done }), outcome(expected));
    const kept = await findCheckpoints(`${path}/checkpoints`, disk);
    assert.deepEqual([...new Set(kept.map(({ step }) => step))], [12, 4]);
    const { checkpoint } = await openRun(path, job, disk);
    const { parameters } = await endingOf(job, checkpoint!, disk);
    assert.deepEqual(parameters, expected.weights.parameters, 'what eval, predict and export read');
    const model = await readModelFile(`${path}/model/last/model.json`, disk);
    const first = segmentsOf(job.model).parameters[0]!;
    assert.deepEqual(model.weights![0]!.data, parameters.subarray(0, first.length), 'model/last');
    await assert.rejects(
      disk.remove(kept.at(-1)!.path).then(() => openRun(path, job, disk)),
      { code: 'SHOAL_CHECKPOINT_CORRUPT', got: /step 4/ },
    );
  });

  it('goes on from before its best evaluation, to the same bytes, where the checkpoint of that one is damaged', async () => {
    const disk = new MemoryDisk();
    const kept = { ...job, checkpoint: { everySteps: 2, keep: 9 } };
    const path = await createRun('/runs', kept, disk);
    const data = { train: dataset.train.hash, test: dataset.test.hash };
    const go = async () => {
      const { checkpoint, problems } = await openRun(path, kept, disk);
      const recorder = await recordRun({
        path,
        job: kept,
        tool: 'test',
        data,
        from: checkpoint,
        files: disk,
        emit() {},
      });
      const onSave: SessionOptions['onSave'] = (snapshot, info) => recorder.save(snapshot, info);
      const ran = await smallRun(kept, { start: checkpoint?.snapshot ?? null, onSave });
      await recorder.close();
      return { ran, from: checkpoint?.snapshot.version, problems };
    };
    await go();
    const best = (await findCheckpoints(`${path}/checkpoints`, disk)).filter(({ step }) => step === 4);
    for (const { path: file } of best) await disk.remove(file);
    const { ran, from, problems } = await go();
    assert.equal(from, 2);
    assert.ok(problems.some(({ got }) => /step 4/.test(got)));
    assert.deepEqual(outcome(ran), outcome(expected));
    assert.deepEqual((await openRun(path, kept, disk)).problems, [], 'whole again');
  });
});
