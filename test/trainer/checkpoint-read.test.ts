// checkpoint-read.test.ts: what a checkpoint gives back, and that no damaged byte passes. Not faults while writing.

import assert from 'node:assert/strict';
import { checkpointName, parseCheckpointName } from '../../trainer/checkpoint.ts';
import { findCheckpoints, newestValid, readCheckpoint, restoreTensors } from '../../trainer/checkpoint-read.ts';
import { writeCheckpoint } from '../../trainer/checkpoint-write.ts';
import type { Files } from '../../trainer/files.ts';
import { readSmall, writeDurably } from '../../trainer/files.ts';
import { MemoryDisk } from './memory-disk.ts';

const DIRECTORY = '/checkpoints';
const FILES = ['manifest.json', 'optimizer.safetensors', 'parameters.safetensors', 'state.safetensors'];

const kernel = Float32Array.of(1.5, -0, Number.NaN, 1e-45, 3.4e38, -7);
const write = (files: Files, step: number, extra: Record<string, number> = {}) =>
  writeCheckpoint({
    directory: DIRECTORY,
    step,
    epoch: 2,
    jobHash: 'abc',
    profile: { bits: 'strict', kernels: '12' },
    tool: 'shoal 0.1.0',
    tensors: {
      parameters: {
        segments: [
          { path: 'dense/kernel', shape: [2, 3], data: kernel },
          { path: 'dense/bias', shape: [3], data: Float32Array.of(1, 2, step) },
        ],
      },
      state: { segments: [{ path: 'norm/moving_mean', shape: [], data: Float32Array.of(4) }] },
      optimizer: { segments: [] },
    },
    extra,
    keep: 3,
    files,
  });

async function replace(disk: MemoryDisk, path: string, bytes: Uint8Array): Promise<void> {
  await disk.remove(path);
  await writeDurably(disk, path, [bytes]);
}

describe('the read of a checkpoint', () => {
  it('gives back every bit, shape, name and the manifest', async () => {
    const disk = new MemoryDisk();
    const { path, bytes } = await write(disk, 12, { best: 0.5 });
    const { manifest, tensors } = await readCheckpoint(path, disk);
    assert.deepEqual(
      tensors.parameters.map((tensor) => [tensor.path, tensor.shape]),
      [
        ['dense/kernel', [2, 3]],
        ['dense/bias', [3]],
      ],
    );
    assert.deepEqual(new Uint8Array(tensors.parameters[0]!.data.buffer), new Uint8Array(kernel.buffer));
    assert.deepEqual(tensors.state, [{ path: 'norm/moving_mean', shape: [], data: Float32Array.of(4) }]);
    assert.deepEqual(tensors.optimizer, []);
    const { files, ...rest } = manifest;
    assert.deepEqual(rest, {
      format: 'shoal-checkpoint',
      version: 1,
      tool: 'shoal 0.1.0',
      step: 12,
      epoch: 2,
      jobHash: 'abc',
      profile: { bits: 'strict', kernels: '12' },
      extra: { best: 0.5 },
    });
    const manifestBytes = (await readSmall(disk, `${path}/manifest.json`, 1e6)).length;
    assert.equal(files.parameters.bytes + files.state.bytes + files.optimizer.bytes + manifestBytes, bytes);
  });

  it('rejects a flipped bit in any byte of any file, and falls back to the one before', async () => {
    const disk = new MemoryDisk();
    await write(disk, 1);
    const { path } = await write(disk, 2);
    for (const name of FILES) {
      const whole = await readSmall(disk, `${path}/${name}`, 1e6);
      for (let at = 0; at < whole.length; at++) {
        const bytes = whole.slice();
        bytes[at]! ^= 1 << (at % 8);
        await replace(disk, `${path}/${name}`, bytes);
        const { checkpoint, rejected } = await newestValid(DIRECTORY, disk);
        assert.equal(checkpoint?.manifest.step, 1, `${name}, byte ${at}`);
        assert.equal(rejected[0]?.path, path);
        assert.match(rejected[0]!.problem.code, /^SHOAL_(CHECKPOINT|SAFETENSORS)_/);
      }
      await replace(disk, `${path}/${name}`, whole);
    }
    assert.equal((await newestValid(DIRECTORY, disk)).checkpoint?.manifest.step, 2);
  });

  it('rejects files cut short, grown, missing or swapped, and says which', async () => {
    const disk = new MemoryDisk();
    const { path } = await write(disk, 2);
    for (const name of FILES) {
      const whole = await readSmall(disk, `${path}/${name}`, 1e6);
      const other = await readSmall(disk, `${path}/${name === FILES[1] ? FILES[3] : FILES[1]}`, 1e6);
      const damaged = [whole.subarray(1), whole.subarray(0, whole.length - 1), new Uint8Array([...whole, 0]), other];
      for (const bytes of [...damaged, new Uint8Array(0)]) {
        await replace(disk, `${path}/${name}`, bytes);
        await assert.rejects(readCheckpoint(path, disk), (error: { code: string; message: string }) => {
          assert.equal(error.code, 'SHOAL_CHECKPOINT_CORRUPT');
          assert.match(error.message, new RegExp(`${path}.*${name}`));
          return true;
        });
      }
      await disk.remove(`${path}/${name}`);
      await assert.rejects(readCheckpoint(path, disk), { code: 'SHOAL_CHECKPOINT_CORRUPT', got: `no ${name}` });
      await writeDurably(disk, `${path}/${name}`, [whole]);
    }
  });

  it('rejects a directory renamed to another step', async () => {
    const disk = new MemoryDisk();
    const { path } = await write(disk, 2);
    await disk.rename(path, `${DIRECTORY}/step-00000003`);
    const { rejected } = await newestValid(DIRECTORY, disk);
    assert.equal(rejected[0]?.problem.code, 'SHOAL_CHECKPOINT_CORRUPT');
  });

  it('reports a file it may not read, and goes on with the one before', async () => {
    const disk = new MemoryDisk();
    await write(disk, 1);
    const { path } = await write(disk, 2);
    disk.open = (name, mode) => {
      if (name.startsWith(path)) return Promise.reject(Object.assign(new Error('EACCES: no'), { code: 'EACCES' }));
      return MemoryDisk.prototype.open.call(disk, name, mode);
    };
    const { checkpoint, rejected } = await newestValid(DIRECTORY, disk);
    assert.equal(checkpoint?.manifest.step, 1);
    assert.deepEqual([rejected[0]?.path, rejected[0]?.problem.code], [path, 'SHOAL_CHECKPOINT_UNREADABLE']);
  });

  it('finds the newest first, by number, and passes over all other names', async () => {
    const disk = new MemoryDisk();
    assert.deepEqual(await findCheckpoints('/none', disk), []);
    assert.deepEqual(await newestValid('/none', disk), { checkpoint: undefined, rejected: [] });
    await disk.makeDirectory('/c');
    const names = ['step-00000002', 'step-00000010', 'step-00000010.1', 'step-00000010.12', 'step-100000000'];
    const others = [
      'step-3',
      'step-00000011.partial',
      'step-00000012.removing',
      'step-00000012.0',
      'step-0000000012',
      'x',
    ];
    for (const name of [...names, ...others]) await disk.makeDirectory(`/c/${name}`);
    assert.deepEqual(
      (await findCheckpoints('/c', disk)).map(({ path }) => path.slice(3)),
      names.toReversed(),
    );
    assert.deepEqual(parseCheckpointName(checkpointName(123, 2)), { step: 123, attempt: 2 });
  });

  it('restores by path and shape in any order, and touches nothing on a mismatch', async () => {
    const disk = new MemoryDisk();
    const { path } = await write(disk, 2);
    const { parameters } = (await readCheckpoint(path, disk)).tensors;
    const bias = { path: 'dense/bias', shape: [3], data: new Float32Array(3) };
    const matrix = { path: 'dense/kernel', shape: [2, 3], data: new Float32Array(6) };
    for (const wrong of [
      [bias],
      [bias, { ...matrix, shape: [3, 2] }],
      [bias, matrix, { ...bias, path: 'dense_1/bias' }],
    ]) {
      assert.throws(() => restoreTensors(parameters, wrong), { code: 'SHOAL_CHECKPOINT_MISMATCH' });
    }
    assert.deepEqual(bias.data, new Float32Array(3));
    restoreTensors(parameters, [bias, matrix]);
    assert.deepEqual([bias.data, matrix.data], [Float32Array.of(1, 2, 2), kernel]);
  });
});
