// event-log.test.ts: events.jsonl gone on with, however long it has become and wherever a crash has cut it. What a run writes: run-folder.test.ts.
import assert from 'node:assert/strict';
import { openEventLog } from '../../trainer/event-log.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { type Files, readSmall, writeDurably } from '../../trainer/files.ts';
import { MemoryDisk } from './memory-disk.ts';

const event: RunEvent = { event: 'checkpoint', step: 1, path: 'x' };
const line = `${JSON.stringify(event)}\n`;
const BLOCK = 2 ** 16;

describe('events.jsonl', () => {
  for (const [what, before, kept] of [
    ['an empty file', '', ''],
    ['whole lines', line.repeat(3), line.repeat(3)],
    ['a torn first line', line.slice(0, 9), ''],
    ['a torn last line', line + line.slice(0, 9), line],
    ['a torn line longer than a block', `${line}${'x'.repeat(BLOCK + 9)}`, line],
    [
      'a torn line behind the last block but one',
      `${'x'.repeat(BLOCK + 9)}\n${line.slice(0, 9)}`,
      `${'x'.repeat(BLOCK + 9)}\n`,
    ],
  ] as const)
    it(`goes on behind ${what}`, async () => {
      const disk = new MemoryDisk();
      await writeDurably(disk, '/events.jsonl', [new TextEncoder().encode(before)]);
      const log = await openEventLog('/events.jsonl', disk);
      log.note(event);
      await log.close();
      assert.equal(new TextDecoder().decode(await readSmall(disk, '/events.jsonl', 1e9)), kept + line);
      assert.deepEqual(await disk.list('/'), ['events.jsonl']);
    });

  it('that cannot be cut stays as it is, and nothing lies beside it', async () => {
    const disk = new MemoryDisk();
    const torn = new TextEncoder().encode(line + line.slice(0, 9));
    await writeDurably(disk, '/events.jsonl', [torn]);
    disk.capacity = 0;
    await assert.rejects(openEventLog('/events.jsonl', disk), { code: 'ENOSPC' });
    assert.deepEqual(await readSmall(disk, '/events.jsonl', 1e9), torn);
    assert.deepEqual(await disk.list('/'), ['events.jsonl']);
  });

  it('of more than a GiB is gone on with, and only its end is read', async () => {
    const size = 3 * 2 ** 30;
    const read: number[] = [];
    const written: number[] = [];
    const file = {
      async read(into: Uint8Array, position: number) {
        read.push(position);
        into.fill(10);
        return into.length;
      },
      async write(from: Uint8Array, position: number) {
        written.push(position);
        return from.length;
      },
      size: async () => size,
      async sync() {},
      async close() {},
    };
    const files: Files = Object.create(new MemoryDisk(), { open: { value: async () => file } });
    const log = await openEventLog('/events.jsonl', files);
    log.note(event);
    await log.close();
    assert.deepEqual([read, written], [[size - BLOCK], [size]]);
  });
});
