// tensorboard.test.ts: event files against a decoder of their own. The real TensorBoard: test/golden/check-tensorboard.py.

import assert from 'node:assert/strict';
import { createEventFile } from '../../../trainer/export/tensorboard.ts';
import { readSmall } from '../../../trainer/files.ts';
import { MemoryDisk } from '../memory-disk.ts';

/** CRC-32C bit by bit, over GF(2): shares nothing with base/crc32c.ts. */
function slowCrc(bytes: Uint8Array): bigint {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return crc ^ 0xffffffffn;
}

function slowMasked(bytes: Uint8Array): number {
  const crc = slowCrc(bytes);
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The data of each TFRecord, checksums checked. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    assert.equal(file.readUInt32LE(at + 8), slowMasked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    assert.equal(file.readUInt32LE(at + 12 + length), slowMasked(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

/** The fields of a protobuf message, by number. */
function fields(message: Buffer): Map<number, Buffer | bigint> {
  const found = new Map<number, Buffer | bigint>();
  let at = 0;
  const number = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number) => {
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = Number(number());
    const [field, type] = [key >> 3, key & 7];
    assert.ok(!found.has(field));
    if (type === 0) found.set(field, number());
    else found.set(field, bytes(type === 1 ? 8 : type === 5 ? 4 : Number(number())));
  }
  return found;
}

async function events(disk: MemoryDisk, path: string) {
  return records(Buffer.from(await readSmall(disk, path, 1e7))).map((data) => {
    const event = fields(data);
    const [time, step] = [(event.get(1) as Buffer).readDoubleLE(0), event.get(2)];
    const version = event.get(3)?.toString();
    const session = event.has(7) ? fields(event.get(7) as Buffer).get(1) : undefined;
    const summary = event.get(5) as Buffer | undefined;
    const value = summary && fields(fields(summary).get(1) as Buffer);
    const scalar = value && [value.get(1)!.toString(), (value.get(2) as Buffer).readFloatLE(0)];
    return { time, step, ...(version && { version }), ...(session && { session }), ...(scalar && { scalar }) };
  });
}

const now = () => 1700000000250;

describe('TensorBoard event files', () => {
  it('hold a version, then scalars as written, each in a checked record', async () => {
    const disk = new MemoryDisk();
    const file = await createEventFile('/runs/tb', { now, host: 'box', files: disk });
    assert.equal(file.path, '/runs/tb/events.out.tfevents.1700000000.box');
    file.scalar('loss', 0.5, 1);
    file.scalar('größe/β', Number.NaN, 2 ** 40 + 129, 1.5);
    file.scalar('', Number.NEGATIVE_INFINITY, 127, 2);
    file.scalar('a'.repeat(300), 1e-3, 0, 3);
    await file.close();
    assert.deepEqual(await events(disk, file.path), [
      { time: 1700000000.25, step: 0n, version: 'brain.Event:2' },
      { time: 1700000000.25, step: 1n, scalar: ['loss', 0.5] },
      { time: 1.5, step: 2n ** 40n + 129n, scalar: ['größe/β', Number.NaN] },
      { time: 2, step: 127n, scalar: ['', Number.NEGATIVE_INFINITY] },
      { time: 3, step: 0n, scalar: ['a'.repeat(300), Math.fround(1e-3)] },
    ]);
  });

  it('of a resumed run start a session at its first step, beside the earlier file', async () => {
    const disk = new MemoryDisk();
    const first = await createEventFile('/tb', { now, files: disk });
    const second = await createEventFile('/tb', { now, firstStep: 101, files: disk });
    assert.equal(second.path, `${first.path}.1`);
    assert.deepEqual((await events(disk, second.path))[1], { time: 1700000000.25, step: 101n, session: 1n });
  });

  it('can be read after each flush, and flushes that overlap keep the order', async () => {
    const disk = new MemoryDisk();
    const file = await createEventFile('/tb', { now, files: disk });
    assert.equal((await events(disk, file.path)).length, 1);
    const flushes: Promise<void>[] = [];
    for (let step = 1; step <= 50; step++) {
      file.scalar('loss', step, step);
      flushes.push(file.flush());
    }
    await Promise.all(flushes);
    const steps = (await events(disk, file.path)).map(({ step }) => Number(step));
    assert.deepEqual(
      steps,
      Array.from({ length: 51 }, (_, step) => step),
    );
  });

  it('lose nothing to a disk that was full for a while', async () => {
    const disk = new MemoryDisk();
    const file = await createEventFile('/tb', { now, files: disk });
    for (let step = 1; step <= 9; step++) file.scalar('loss', step, step);
    disk.capacity = 100;
    await assert.rejects(file.flush(), { code: 'ENOSPC' });
    disk.capacity = 1e6;
    file.scalar('loss', 10, 10);
    await file.close();
    const steps = (await events(disk, file.path)).map(({ step }) => Number(step));
    assert.deepEqual(steps, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
