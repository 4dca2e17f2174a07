// prepare.test.ts: preparation: the same bytes for any threads, tasks and kills; what is left out and told; what modes keep.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentHash } from '../../datasets/content-hash.ts';
import { finish } from '../../datasets/prepare/manifest.ts';
import { parseTask } from '../../datasets/prepare/task.ts';
import { datasetSchema, openDataset, scanDataset } from '../../datasets/readers/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { encoded, write, writeImages } from './support/images.ts';
import { code, preparing } from './support/prepare.ts';

const bin = fileURLToPath(new URL('../../bin/shoal.ts', import.meta.url));
const home = temporaryFolder('prepare');
const source = join(home, 'source');
const prepare = preparing(home, source);

/** SHA-256 over names and bytes of all that is in a folder. */
function folderHash(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

const lines = (out: string, name: string) =>
  readFileSync(join(home, out, name), 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

describe('preparing a dataset', () => {
  before(async () => {
    await writeImages(source, 10);
    await prepare('undisturbed');
  });

  it('gives the same folder for 1, 2 and 3 threads, and for 4 tasks merged in any order', async () => {
    const expected = folderHash(join(home, 'undisturbed'));
    for (const threads of [2, 3]) {
      await prepare(`threads-${threads}`, {}, { threads });
      assert.equal(folderHash(join(home, `threads-${threads}`)), expected);
    }
    for (const number of [3, 1, 4]) {
      const { finished } = await prepare('tasks', {}, { task: { number, of: 4 } });
      assert.equal(finished, null);
    }
    assert.throws(() => finish(join(home, 'tasks')), code('SHOAL_DATA_UNFINISHED'));
    await prepare('tasks', {}, { task: { number: 2, of: 4 } });
    finish(join(home, 'tasks'));
    assert.equal(folderHash(join(home, 'tasks')), expected);
  });

  it('writes resized images into shards of every format alike', async () => {
    const transform = { resize: { rows: 6, columns: 8, fit: 'fill' } };
    const found: string[][] = [];
    for (const format of ['webdataset', 'tfrecord', 'parquet']) {
      await prepare(`small-${format}`, { format, transform });
      const shards = await scanDataset({ reader: format, path: join(home, `small-${format}`) });
      found.push(
        (await Promise.all(shards.entries.map(async (entry) => contentHash(await shards.load(entry))))).sort(),
      );
      await shards.close();
    }
    assert.equal(new Set(found[0]).size, 30);
    assert.deepEqual(found, [found[0], found[0], found[0]]);
  });

  it('gives the same folder after five kills at any moment, and makes no finished shard again', async () => {
    const flags = ['data', 'prep', source, '-o', join(home, 'killed'), '--shard-size', '4', '--json', '--threads', '2'];
    const start = () => spawn(process.execPath, [bin, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    for (let kill = 0; kill < 5; kill++) {
      const child = start();
      let seen = '';
      // at the first sign of life, or when so many shards more are done: each at another place of its work
      child.stdout.on('data', (text) => {
        seen += text;
        if (seen.split('\n').length > 1 + (kill % 3)) child.kill('SIGKILL');
      });
      await once(child, 'close');
    }
    const last = start();
    let text = '';
    last.stdout.on('data', (part) => {
      text += part;
    });
    const [exit] = await once(last, 'close');
    assert.equal(exit, 0);
    assert.ok(JSON.parse(text.split('\n')[0]!).shards > 0, 'finished shards are counted at the start');
    const undisturbed = spawn(process.execPath, [bin, ...flags.map((flag) => flag.replace('killed', 'clean'))], {
      stdio: 'ignore',
    });
    await once(undisturbed, 'close');
    assert.equal(folderHash(join(home, 'killed')), folderHash(join(home, 'clean')));
  });

  it('splits by class, keeps groups together, and writes each sample once', async () => {
    const { finished } = await prepare('split', { split: { validation: 0.2, test: 0.2 } });
    const { parts, classes, mean, class_weights } = finished!.manifest;
    assert.deepEqual(classes, ['a', 'b', 'c']);
    assert.deepEqual(
      Object.entries(parts).map(([name, part]) => [name, part.per_class]),
      [
        ['train', [6, 6, 6]],
        ['validation', [2, 2, 2]],
        ['test', [2, 2, 2]],
      ],
    );
    assert.deepEqual(class_weights, [1, 1, 1]);
    assert.equal(mean!.length, 3);
    const keys = lines('split', 'plan.jsonl')
      .slice(1)
      .map(({ key }) => key);
    assert.equal(new Set(keys).size, 30);
    await prepare('groups', { group: '\\d', stratify: false, split: { test: 0.3 } });
    const parted = new Map<string, Set<string>>();
    for (const { key, part } of lines('groups', 'plan.jsonl').slice(1)) {
      const group = /\d/.exec(key)![0];
      parted.set(group, (parted.get(group) ?? new Set()).add(part));
    }
    assert.ok([...parted.values()].every((set) => set.size === 1));
    assert.equal(new Set([...parted.values()].flatMap((set) => [...set])).size, 2);
  });

  it('measures mean and deviation of the training pixels to 1e-6', async () => {
    const { finished } = await prepare('moments', {
      encode: 'raw',
      transform: { resize: { rows: 8, columns: 8, fit: 'fill' } },
    });
    const { train } = await openDataset(datasetSchema.parse({ reader: 'webdataset', path: join(home, 'moments') }));
    const image = new Uint8Array(8 * 8 * 3);
    const values: number[] = [];
    for (let i = 0; i < train.length; i++) {
      train.read(i, { image });
      for (let at = 1; at < image.length; at += 3) values.push(image[at]! / 255);
    }
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    assert.ok(Math.abs(finished!.manifest.mean![1]! - mean) < 1e-6);
    assert.ok(Math.abs(finished!.manifest.std![1]! - Math.sqrt(variance)) < 1e-6);
  });

  it('leaves contents out that are in two parts, keeps what is held out, and tells of pictures that are nearly alike', async () => {
    const root = join(home, 'twins');
    for (let i = 0; i < 6; i++) write(root, `train/a/${i}.png`, await encoded('png', 0, 10 * i, 24, 24));
    cpSync(join(root, 'train/a/3.png'), join(root, 'test/a/copy.png'), { recursive: true });
    cpSync(join(root, 'train/a/2.png'), join(root, 'train/a/twice.png'));
    const job = { source: { reader: 'folder', path: root } };
    const { finished } = await prepare('twins-splits', job);
    assert.deepEqual([finished!.manifest.parts.train!.samples, finished!.manifest.parts.test!.samples], [6, 1]);
    const dropped = lines('twins-splits', 'plan.jsonl').filter((line) => line.duplicateOf);
    assert.deepEqual(
      dropped.map(({ key, duplicateOf }) => [key, duplicateOf]),
      [['train/a/3.png', 'test/a/copy.png']],
    );
    const near = lines('twins-splits', 'near-duplicates.jsonl');
    assert.ok(
      near.some(({ a, b, distance }) => distance === 0 && [a, b].sort().join() === 'train/a/2.png,train/a/twice.png'),
    );
    const all = await prepare('twins-all', { ...job, dedup: 'all' });
    assert.equal(all.finished!.manifest.duplicates, 2);
    const none = await prepare('twins-none', { ...job, dedup: 'none' });
    assert.equal(none.finished!.manifest.duplicates, 0);
  });

  it('lists each bad sample with its reason, and stops where there are more than allowed', async () => {
    const root = join(home, 'bad-images');
    await writeImages(root, 4);
    write(root, 'a/zero.png', '');
    write(root, 'b/note.png', 'not an image');
    write(root, 'c/cut.jpg', (await encoded('jpeg', 0, 0)).subarray(0, -60));
    const job = { source: { reader: 'folder', path: root } };
    await assert.rejects(prepare('bad', job, { maxErrors: { share: 0.1 } }), code('SHOAL_DATA_ERRORS', /at most 1/));
    const { finished } = await prepare('bad', job, { maxErrors: { count: 3 } });
    assert.deepEqual(
      lines('bad', 'bad.jsonl')
        .map(({ key, code: why }) => [key, why])
        .sort(),
      [
        ['a/zero.png', 'SHOAL_DATA_TRUNCATED'],
        ['b/note.png', 'SHOAL_DATA_FORMAT'],
        ['c/cut.jpg', 'SHOAL_DATA_TRUNCATED'],
      ],
    );
    const { parts } = finished!.manifest;
    assert.equal(parts.train!.samples + parts.test!.samples, 12);
  });

  it('extends by shards of their own, overwrites when told, and refuses another job or other samples', async () => {
    const root = join(home, 'growing');
    await writeImages(root, 4);
    const job = { source: { reader: 'folder', path: root } };
    await prepare('grows', job);
    const before = new Map(
      readdirSync(join(home, 'grows')).map((name) => [name, readFileSync(join(home, 'grows', name), 'latin1')]),
    );
    await writeImages(root, 2, '', 50);
    await assert.rejects(prepare('grows', job), code('SHOAL_DATA_OTHER_JOB', /6 samples more/));
    const { finished } = await prepare('grows', job, { mode: 'extend' });
    const { parts } = finished!.manifest;
    assert.equal(parts.train!.samples + (parts.test?.samples ?? 0), 18);
    for (const [name, bytes] of before)
      if (/^\w+-\d+\./.test(name)) assert.equal(readFileSync(join(home, 'grows', name), 'latin1'), bytes, name);
    await assert.rejects(prepare('grows', { ...job, seed: 5 }), code('SHOAL_DATA_OTHER_JOB', /another job/));
    writeFileSync(join(home, 'grows/notes.txt'), 'mine');
    await prepare('grows', { ...job, seed: 5 }, { mode: 'overwrite' });
    assert.equal(readFileSync(join(home, 'grows/notes.txt'), 'utf8'), 'mine');
    await assert.rejects(prepare('source', job), code('SHOAL_DATA_OTHER_JOB', /other files/));
  });

  it('re-encodes as asked: jpg stays jpg, sizes and channels change', async () => {
    const transform = { resize: { shorter: 8 }, crop: { rows: 8, columns: 8 }, channels: 1 } as const;
    for (const encode of ['auto', 'webp', 'raw'] as const) {
      await prepare(`encode-${encode}`, { transform, encode });
      const { train } = await openDataset(
        datasetSchema.parse({ reader: 'webdataset', path: join(home, `encode-${encode}`), channels: 1 }),
      );
      assert.deepEqual(train.fields['image'], { shape: [8, 8, 1], dtype: 'u8' });
    }
  });
});

describe('the part of a job that a machine does', () => {
  it('is what is asked for, or what Slurm or Kubernetes say', () => {
    assert.deepEqual(parseTask('3/16', {}), { number: 3, of: 16 });
    const array = {
      SLURM_ARRAY_TASK_ID: '14',
      SLURM_ARRAY_TASK_MIN: '10',
      SLURM_ARRAY_TASK_STEP: '2',
      SLURM_ARRAY_TASK_COUNT: '4',
    };
    assert.deepEqual(parseTask('auto', array), { number: 3, of: 4 });
    assert.deepEqual(parseTask('auto', { SLURM_PROCID: '0', SLURM_NTASKS: '2' }), { number: 1, of: 2 });
    assert.deepEqual(parseTask('auto/5', { JOB_COMPLETION_INDEX: '4' }), { number: 5, of: 5 });
    for (const wrong of ['0/4', '5/4', '3', 'x/2', 'auto', 'auto/4', '1/2/3x'])
      assert.throws(() => parseTask(wrong, {}), code('SHOAL_USAGE'), wrong);
  });
});
