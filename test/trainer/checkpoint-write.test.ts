// checkpoint-write.test.ts: faults at every single operation of a checkpoint's write. Not the format (checkpoint-read.test.ts).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { draws, seedWords } from '../../base/random.ts';
import { newestValid } from '../../trainer/checkpoint-read.ts';
import type { WriteCheckpoint } from '../../trainer/checkpoint-write.ts';
import { writeCheckpoint } from '../../trainer/checkpoint-write.ts';
import type { Files } from '../../trainer/files.ts';
import { nodeFiles } from '../../trainer/node-files.ts';
import type { Fault } from './memory-disk.ts';
import { MemoryDisk } from './memory-disk.ts';

const DIRECTORY = '/runs/digits/checkpoints';

function request(files: Files, step: number, keep: number, directory = DIRECTORY, length = 60): WriteCheckpoint {
  const segment = (path: string, value: number) => ({
    path,
    shape: [length],
    data: new Float32Array(length).fill(value),
  });
  return {
    directory,
    step,
    epoch: 1,
    jobHash: 'job',
    profile: { bits: 'fused' },
    tool: 'test',
    tensors: {
      parameters: { segments: [segment('dense/kernel', step), segment('dense/bias', -step)] },
      state: { segments: [] },
      optimizer: { segments: [segment('dense/kernel/m', step / 2)] },
    },
    extra: null,
    keep,
    files,
  };
}

/** The step of the checkpoint that a resume would find, its content checked. */
async function resumed(files: Files): Promise<number> {
  const { checkpoint, rejected } = await newestValid(DIRECTORY, files);
  assert.deepEqual(rejected, []);
  if (!checkpoint) return 0;
  const { step } = checkpoint.manifest;
  for (const [part, factor] of [
    ['parameters', 1],
    ['optimizer', 0.5],
  ] as const) {
    assert.equal(checkpoint.tensors[part][0]!.data[59], step * factor);
  }
  return step;
}

/** A disk with `steps` checkpoints written, as a process finds it that starts now. */
async function diskWith(...steps: number[]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  for (const step of steps) await writeCheckpoint(request(disk, step, 1));
  disk.reboot();
  return disk;
}

async function operationsOf(...steps: number[]): Promise<number> {
  const disk = await diskWith(...steps);
  await writeCheckpoint(request(disk, 9, 1));
  return disk.operations;
}

/** Writes step 9 over a disk on which `fault` happens; whether that succeeded. */
async function writeWith(disk: MemoryDisk, fault: Fault): Promise<boolean> {
  disk.fault = fault;
  return writeCheckpoint(request(disk, 9, 1)).then(
    () => true,
    (error) => {
      assert.match(error.code, /^SHOAL_CHECKPOINT_(NO_SPACE|WRITE)$/);
      return false;
    },
  );
}

/** After any fault: the old or the new is there, the new one if it was promised, and the next write leaves nothing else. */
async function assertSound(disk: MemoryDisk, old: number, promised: boolean, what: string): Promise<void> {
  const step = await resumed(disk);
  assert.ok(step === 9 || (step === old && !promised), `${what}: found step ${step}, promised ${promised}`);
  await writeCheckpoint(request(disk, 10, 1));
  assert.deepEqual(await disk.list(DIRECTORY), ['step-00000010'], what);
}

describe('the write of a checkpoint', () => {
  for (const kind of ['error', 'late error', 'dead'] as const) {
    for (const old of [0, 8]) {
      it(`leaves the old or the new one whole if any single operation meets: ${kind}${old ? '' : ', nothing before'}`, async () => {
        const steps = old ? [old] : [];
        const operations = await operationsOf(...steps);
        assert.ok(operations > 30, String(operations));
        for (let at = 0; at < operations; at++) {
          const disk = await diskWith(...steps);
          const promised = await writeWith(disk, { at, kind, errno: at % 2 ? 'ENOSPC' : 'EIO' });
          disk.reboot();
          await assertSound(disk, old, promised, `operation ${at}`);
        }
      });
    }
  }

  it('survives a power loss after any operation: unsynced data and names gone, partly gone, or zeros', async () => {
    const operations = await operationsOf(8);
    const random = draws(seedWords(3), 0, 0, 0);
    let drawn = 0;
    const keepNothing = () => 0;
    const keepNames = (count: number) => count - 1;
    const keepSome = (count: number) => random(drawn++) % count;
    for (let at = 0; at <= operations; at++) {
      for (const pick of [keepNothing, keepNames, keepSome, keepSome, keepSome]) {
        const disk = await diskWith(8);
        const promised = await writeWith(disk, { at, kind: 'dead', errno: 'EIO' });
        disk.losePower(pick);
        await assertSound(disk, 8, promised, `operation ${at}`);
      }
    }
  });

  it('would not survive one without its syncs (the model of the disk can tell)', async () => {
    const disk = await diskWith(8);
    const careless: Files = {
      open: async (path, mode) => ({ ...(await disk.open(path, mode)), sync: async () => {} }),
      list: (path) => disk.list(path),
      makeDirectory: (path) => disk.makeDirectory(path),
      syncDirectory: (path) => disk.syncDirectory(path),
      rename: (from, to) => disk.rename(from, to),
      remove: (path) => disk.remove(path),
    };
    await writeCheckpoint(request(careless, 9, 1));
    await disk.syncDirectory(DIRECTORY);
    disk.losePower(() => 0);
    const { checkpoint, rejected } = await newestValid(DIRECTORY, disk);
    assert.equal(checkpoint, undefined);
    assert.equal(rejected.length, 1);
  });

  it('removes its temporary files on a full disk, names path and bytes, and keeps the old one', async () => {
    const disk = await diskWith(8);
    for (let room = 0; room < 1500; room += 90) {
      disk.capacity = Number.POSITIVE_INFINITY;
      const used = await bytesIn(disk);
      disk.capacity = used + room;
      await assert.rejects(writeCheckpoint(request(disk, 9, 1)), (error: { code: string; message: string }) => {
        assert.equal(error.code, 'SHOAL_CHECKPOINT_NO_SPACE');
        assert.match(error.message, /checkpoints\/step-00000009.*720 bytes/s);
        return true;
      });
      assert.deepEqual(await disk.list(DIRECTORY), ['step-00000008']);
      assert.equal(await bytesIn(disk), used);
      assert.equal(await resumed(disk), 8);
    }
  });

  it('meets a really full file system (a tmpfs of 64 KiB where one can be mounted, else a disk in memory)', async () => {
    const mountPoint = await mkdtemp(`${tmpdir()}/shoal-full-`);
    let files: Files = nodeFiles;
    let mounted = true;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mountPoint], { stdio: 'ignore' });
    } catch {
      mounted = false;
      const disk = new MemoryDisk();
      disk.capacity = 65536;
      for (const at of [...mountPoint.matchAll(/\/|$/g)].map(({ index }) => index)) {
        if (at > 0) await disk.makeDirectory(mountPoint.slice(0, at));
      }
      files = disk;
    }
    try {
      const directory = `${mountPoint}/checkpoints`;
      await writeCheckpoint(request(files, 1, 1, directory, 1000));
      await assert.rejects(writeCheckpoint(request(files, 2, 1, directory, 8000)), {
        code: 'SHOAL_CHECKPOINT_NO_SPACE',
      });
      assert.deepEqual(await files.list(directory), ['step-00000001']);
      const { checkpoint, rejected } = await newestValid(directory, files);
      assert.deepEqual([checkpoint?.manifest.step, rejected], [1, []]);
      await writeCheckpoint(request(files, 3, 1, directory, 1000));
      assert.deepEqual(await files.list(directory), ['step-00000003']);
    } finally {
      if (mounted) execFileSync('umount', [mountPoint]);
      await rm(mountPoint, { recursive: true });
    }
  });

  it('keeps as many as asked for, and never removes the newest valid one', async () => {
    const disk = new MemoryDisk();
    for (let step = 1; step <= 5; step++) await writeCheckpoint(request(disk, step, 3));
    assert.deepEqual((await disk.list(DIRECTORY)).sort(), ['step-00000003', 'step-00000004', 'step-00000005']);
    await writeCheckpoint(request(disk, 2, 1));
    assert.equal(await resumed(disk), 5);
    assert.ok((await disk.list(DIRECTORY)).includes('step-00000002'));
  });

  it('writes beside a damaged one of the same step, then removes the damaged', async () => {
    const disk = await diskWith(8);
    await disk.remove(`${DIRECTORY}/step-00000008/state.safetensors`);
    const { path } = await writeCheckpoint(request(disk, 8, 3));
    assert.equal(path, `${DIRECTORY}/step-00000008.1`);
    assert.deepEqual(await disk.list(DIRECTORY), ['step-00000008.1']);
    assert.equal(await resumed(disk), 8);
  });

  it('removes damaged ones of later steps, once the run has gone back', async () => {
    const disk = new MemoryDisk();
    for (const step of [8, 20]) await writeCheckpoint(request(disk, step, 5));
    await disk.remove(`${DIRECTORY}/step-00000020/manifest.json`);
    await writeCheckpoint(request(disk, 9, 5));
    assert.deepEqual((await disk.list(DIRECTORY)).sort(), ['step-00000008', 'step-00000009']);
  });

  it('says which old ones it could not remove, and succeeds', async () => {
    const disk = await diskWith(8);
    disk.rename = (from, to) => {
      if (to.endsWith('.removing')) return Promise.reject(Object.assign(new Error('EACCES: no'), { code: 'EACCES' }));
      return MemoryDisk.prototype.rename.call(disk, from, to);
    };
    const { notRemoved } = await writeCheckpoint(request(disk, 9, 1));
    assert.deepEqual(
      notRemoved.map(({ path, problem }) => [path, problem.code]),
      [[`${DIRECTORY}/step-00000008`, 'SHOAL_CHECKPOINT_WRITE']],
    );
    assert.equal(await resumed(disk), 9);
  });

  it('makes the directory and its parents on the real disk, and leaves nothing but four files', async () => {
    const base = await mkdtemp(`${tmpdir()}/shoal-checkpoint-`);
    try {
      const { path } = await writeCheckpoint(request(nodeFiles, 123, 2, `${base}/a/b`));
      assert.equal(path, `${base}/a/b/step-00000123`);
      const names = ['manifest.json', 'optimizer.safetensors', 'parameters.safetensors', 'state.safetensors'];
      assert.deepEqual((await readdir(path)).sort(), names);
    } finally {
      await rm(base, { recursive: true });
    }
  });
});

async function bytesIn(disk: MemoryDisk, path = '/'): Promise<number> {
  let sum = 0;
  for (const name of await disk.list(path)) {
    const child = path === '/' ? `/${name}` : `${path}/${name}`;
    if (!/\.(safetensors|json)$/.test(name)) sum += await bytesIn(disk, child);
    else sum += await (await disk.open(child, 'read')).size();
  }
  return sum;
}
