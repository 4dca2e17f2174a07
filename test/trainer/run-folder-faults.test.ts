// run-folder-faults.test.ts: what survives of a run's folder when files are damaged, the disk is full or a process dies in the midst of a save.
import assert from 'node:assert/strict';
import { writeFully } from '../../trainer/files.ts';
import { openRun } from '../../trainer/run-folder.ts';
import { MemoryDisk } from './memory-disk.ts';
import { eventsOf, exportedStep, newDisk, record, snapshotAt } from './recording.ts';

describe('the folder of a run that meets faults', () => {
  it('falls back to the checkpoint before a corrupt one, and names what was wrong', async () => {
    const { disk, path } = await newDisk();
    const { save, recorder } = await record(disk, path);
    await save(1);
    await save(2);
    await recorder.close();
    const damaged = `${path}/checkpoints/step-00000002/parameters.safetensors`;
    const file = await disk.open(damaged, 'update');
    await writeFully(file, Uint8Array.of(77), (await file.size()) - 1);
    const { checkpoint, problems } = await openRun(path, undefined, disk);
    assert.deepEqual(checkpoint!.snapshot, snapshotAt(1));
    assert.equal(problems.length, 1);
    assert.equal(problems[0]!.code, 'SHOAL_CHECKPOINT_CORRUPT');
    assert.ok(problems[0]!.operation.includes(damaged));
  });

  it('tells of a full disk, keeps the old checkpoint, and goes on when there is room again', async () => {
    const { disk, path } = await newDisk();
    const { save, recorder, problems, events } = await record(disk, path);
    await save(1, 0.1);
    disk.capacity = 0;
    await save(2, 0.2);
    assert.ok(problems().includes('SHOAL_CHECKPOINT_NO_SPACE'), String(problems()));
    assert.deepEqual((await openRun(path, undefined, disk)).checkpoint!.snapshot, snapshotAt(1));
    assert.equal(await exportedStep(disk, `${path}/model/last`), 1);
    assert.equal(await exportedStep(disk, `${path}/model/best`), 1);
    for (const folder of ['checkpoints', 'model/last', 'model/best']) {
      const names = await disk.list(`${path}/${folder}`);
      assert.ok(!names.some((name) => name.endsWith('.partial')), `room is taken by ${names}`);
    }
    disk.capacity = Number.POSITIVE_INFINITY;
    await save(3, 0.3);
    await recorder.close();
    assert.deepEqual((await openRun(path, undefined, disk)).checkpoint!.snapshot, snapshotAt(3));
    const lines = await eventsOf(disk, path);
    assert.deepEqual(lines, JSON.parse(JSON.stringify(events)));
  });

  it('is whole after a crash at any operation of a save', async () => {
    const { disk, path } = await newDisk();
    const { save } = await record(disk, path);
    await save(1, 0.1);
    disk.reboot(); // counts from here
    const root = structuredClone(disk.root);
    await save(2, 0.2);
    const operations = disk.operations;
    assert.ok(operations > 50);
    for (let at = 0; at < operations; at++) {
      const copy = new MemoryDisk();
      copy.root = structuredClone(root);
      const { save: again } = await record(copy, path, true);
      copy.reboot();
      copy.fault = { at, kind: 'dead', errno: 'EIO' };
      await again(2, 0.2);
      copy.reboot();
      const { checkpoint } = await openRun(path, undefined, copy);
      const { version } = checkpoint!.snapshot;
      assert.deepEqual(checkpoint!.snapshot, snapshotAt(version));
      for (const place of ['last', 'best']) {
        const step = await exportedStep(copy, `${path}/model/${place}`);
        // where the checkpoint stands, the models do
        assert.ok(version === 1 ? step >= 1 : step === 2, `operation ${at}`);
      }
    }
  }).timeout(30_000);

  it('drops the line of events.jsonl that a crash cut short', async () => {
    const { disk, path } = await newDisk();
    const first = await record(disk, path);
    await first.save(1);
    const file = await disk.open(`${path}/events.jsonl`, 'update');
    const size = await file.size();
    await writeFully(file, new TextEncoder().encode(`{"event":"step","step":${'9'.repeat(500)}`), size);
    const second = await record(disk, path, true);
    await second.recorder.close();
    const lines = await eventsOf(disk, path);
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['start', 'epoch', 'model', 'checkpoint', 'start'],
    );
  });
});
