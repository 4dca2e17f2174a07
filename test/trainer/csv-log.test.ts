// csv-log.test.ts: the table of a run's epochs, written, and gone on with after a resume.
import assert from 'node:assert/strict';
import { openCsvLog } from '../../trainer/csv-log.ts';
import type { EpochEvent } from '../../trainer/events.ts';
import { readSmall } from '../../trainer/files.ts';
import { MemoryDisk } from './memory-disk.ts';

const epoch = (number: number, loss: number, metrics: EpochEvent['metrics']): EpochEvent => ({
  event: 'epoch',
  epoch: number,
  train: { loss, accuracy: 0.5 },
  metrics,
  wall_s: 1,
});

describe('log.csv', () => {
  it('has a line for each epoch, empty cells where it was not evaluated, and no cells for matrices', async () => {
    const disk = new MemoryDisk();
    const text = async () => new TextDecoder().decode(await readSmall(disk, '/log.csv', 1000));
    const log = await openCsvLog('/log.csv', ';', disk);
    await log.flush();
    await assert.rejects(text(), { code: 'ENOENT' });
    log.note(epoch(1, 0.75, null));
    log.note(epoch(2, 0.5, { loss: 0.625, confusion_matrix: [[1]] }));
    await log.flush();
    assert.equal(await text(), 'epoch;loss;accuracy;val_loss\n1;0.75;0.5;\n2;0.5;0.5;0.625\n');
    // resumed before the second epoch: its line is made anew
    const again = await openCsvLog('/log.csv', ';', disk);
    again.note(epoch(2, 0.25, { loss: 0.375 }));
    await again.flush();
    assert.equal(await text(), 'epoch;loss;accuracy;val_loss\n1;0.75;0.5;\n2;0.25;0.5;0.375\n');
  });
});
