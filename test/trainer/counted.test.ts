// counted.test.ts: the figures of epochs in whose midst, or at whose end, a run was left and gone on with. Its bytes: restore-best.test.ts.
import assert from 'node:assert/strict';
import { countedIn, countedUpTo } from '../../trainer/counted.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { readSmall } from '../../trainer/files.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { mlp, smallJob } from '../support/small-jobs.ts';
import { dataset, smallRun } from '../support/small-run.ts';
import { MemoryDisk } from './memory-disk.ts';

const options = { batch: 12, microShards: 5, epochs: 3, callbacks: ['CSVLogger'] };
const job = smallJob(mlp, options); // of 4 steps an epoch

/** Trains through a folder, left at these steps; the last line of each epoch, and the table. */
async function left(steps: readonly number[]) {
  const disk = new MemoryDisk();
  const path = await createRun('/runs', job, disk);
  const data = { train: dataset.train.hash, test: dataset.test.hash };
  const epochs = new Map<number, unknown>();
  for (const until of steps) {
    const { checkpoint } = await openRun(path, job, disk);
    const halt = new AbortController();
    const recorder = await recordRun({ path, job, tool: 'test', data, from: checkpoint, files: disk, emit() {} });
    await smallRun(job, {
      start: checkpoint?.snapshot ?? null,
      signal: halt.signal,
      onEvent(event: RunEvent) {
        recorder.note(event);
        if (event.event === 'epoch') epochs.set(event.epoch, event.train);
        if (event.event === 'step' && event.step >= until) halt.abort();
      },
      onSave: (snapshot, info) => recorder.save(snapshot, info),
    });
    await recorder.close();
  }
  return { epochs: [...epochs], table: new TextDecoder().decode(await readSmall(disk, `${path}/log.csv`, 1e6)) };
}

describe('the epochs of a run that is left and gone on with', () => {
  it('have the figures, to the last bit, and log.csv the lines, of one that was never left', async () => {
    const whole = await left([100]);
    assert.equal(whole.epochs.length, 3);
    assert.deepEqual(await left([2, 4, 7, 100]), whole);
  });

  it('go on from sums of the same metrics alone, of the epoch under way', () => {
    const history = [3, 4, 5, 6].map((step) => ({ step, samples: 12, totals: [0.1 * step, step] }));
    const counted = countedUpTo(job, history, 6, 4);
    assert.deepEqual(countedIn(job, { counted }), [{ step: 5, samples: 24, totals: [0.4 + 0.5, 9] }]);
    assert.deepEqual(countedUpTo(job, history, 4, 4), { ...counted, step: 3, samples: 12, totals: [0.1 * 3, 3] });
    assert.equal(countedUpTo(job, [], 6, 4), null);
    const other = smallJob(mlp, { ...options, metrics: [{ name: 'top_k', k: 2 }] });
    assert.deepEqual(countedIn(other, { counted }), []);
    assert.deepEqual(countedIn(job, { data: {} }), []);
  });
});
