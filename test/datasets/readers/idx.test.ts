// idx.test.ts: IDX directories in every spelling, and every way in which their files can be wrong.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ShoalError } from '../../../base/errors.ts';
import { type Dataset, reopenReader } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset } from '../../../datasets/readers/index.ts';
import { testReader } from '../../cases/reader.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const u32 = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const idxFile = (dimensions: readonly number[], data: ArrayLike<number>) =>
  Buffer.from([0, 0, 8, dimensions.length, ...dimensions.flatMap(u32), ...Array.from(data)]);
const images = (count: number, rows = 4, columns = 3) =>
  idxFile(
    [count, rows, columns],
    Array.from({ length: count * rows * columns }, (_, i) => (i * 7) % 256),
  );
const labels = (count: number, classes = 5) =>
  idxFile(
    [count],
    Array.from({ length: count }, (_, i) => (i + 2) % classes),
  );

type Files = Record<string, Buffer>;
const GOOD: Files = {
  'train-images-idx3-ubyte': images(20),
  'train-labels-idx1-ubyte': labels(20),
  't10k-images-idx3-ubyte': images(6),
  't10k-labels-idx1-ubyte': labels(6),
};

describe('IDX directories', () => {
  const home = temporaryFolder('idx');
  let directories = 0;
  const write = (files: Files): string => {
    const path = join(home, String(directories++));
    mkdirSync(path);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
    return path;
  };
  const open = (path: string, options = {}): Promise<Dataset> =>
    openDataset(datasetSchema.parse({ reader: 'idx', path, ...options }));
  const rejects = (files: Files, code: string, pattern: RegExp, options = {}) =>
    assert.rejects(
      open(write(files), options),
      (error: ShoalError) => error.code === code && pattern.test(error.message),
      `${code} ${pattern}`,
    );
  const changed = (name: string, bytes: Buffer): Files => ({ ...GOOD, [name]: bytes });
  const without = (name: string): Files => Object.fromEntries(Object.entries(GOOD).filter(([n]) => n !== name));

  const path = write(GOOD);
  testReader('IDX files, train', async () => (await open(path)).train);
  testReader('IDX files, test', async () => (await open(path)).test);

  it('give their pixels, labels and shapes', async () => {
    const { train, test } = await open(path);
    assert.deepEqual([train.length, test.length, train.classes, test.classes], [20, 6, 5, 5]);
    assert.deepEqual(train.fields['image'], { shape: [4, 3, 1], dtype: 'u8' });
    const image = new Uint8Array(12);
    const label = new Uint8Array(4);
    train.read(19, { image, label });
    assert.deepEqual([...image], [...GOOD['train-images-idx3-ubyte']!.subarray(16 + 19 * 12)]);
    assert.deepEqual([...label], [1, 0, 0, 0]);
  });

  it('may be gzipped, and spelt with a dot, with the same hash', async () => {
    const { train, test } = await open(path);
    const zipped = Object.entries(GOOD).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]);
    const dotted = Object.entries(GOOD).map(([name, bytes]) => [name.replace('-idx', '.idx'), bytes]);
    for (const files of [zipped, dotted]) {
      const other = await open(write(Object.fromEntries(files)));
      assert.deepEqual([other.train.hash, other.test.hash], [train.hash, test.hash]);
    }
  });

  it('are known by their bytes: one pixel or one label changes the hash', async () => {
    const { train } = await open(path);
    for (const name of ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte']) {
      const bytes = Buffer.from(GOOD[name]!);
      bytes[bytes.length - 1] = bytes.at(-1) === 0 ? 1 : 0;
      assert.notEqual((await open(write(changed(name, bytes)))).train.hash, train.hash);
    }
  });

  it('are not needed any more once they are open', async () => {
    const gone = write(GOOD);
    const share = (await open(gone)).train.share();
    rmSync(gone, { recursive: true });
    assert.equal((await reopenReader(structuredClone(share))).length, 20);
  });

  it('must exist', async () => {
    await assert.rejects(open(join(home, 'nowhere')), /nowhere: got no such directory, expected .*train-images-idx3/);
    await rejects(without('t10k-labels-idx1-ubyte'), 'SHOAL_DATA_MISSING', /no file of t10k labels.*t10k-labels\.idx1/);
  });

  it('must not be cut, longer than their header says, or of another kind', async () => {
    const name = 'train-images-idx3-ubyte';
    const bytes = GOOD[name]!;
    await rejects(
      changed(name, bytes.subarray(0, 200)),
      'SHOAL_DATA_TRUNCATED',
      /-images\S+: got 200 .* 256 for 20 x 4 x 3/,
    );
    await rejects(changed(name, bytes.subarray(0, 9)), 'SHOAL_DATA_TRUNCATED', /9 bytes, expected a header of 16/);
    await rejects(changed(name, Buffer.alloc(0)), 'SHOAL_DATA_TRUNCATED', /got 0 bytes/);
    await rejects(changed(name, Buffer.concat([bytes, bytes])), 'SHOAL_DATA_LENGTH', /got 512 bytes, expected 256/);
    await rejects(changed(name, labels(20)), 'SHOAL_DATA_FORMAT', /bytes 0 0 8 1, expected 0 0 8 3/);
    await rejects(changed(name, gzipSync(bytes)), 'SHOAL_DATA_FORMAT', /bytes 31 139 .*named \.gz/);
  });

  it('must be whole gzip files when their names say so', async () => {
    const name = 'train-images-idx3-ubyte';
    const zipped = gzipSync(GOOD[name]!);
    const as = (bytes: Buffer): Files => ({ ...without(name), [`${name}.gz`]: bytes });
    await rejects(
      as(zipped.subarray(0, zipped.length - 12)),
      'SHOAL_DATA_TRUNCATED',
      /images-idx3-ubyte\.gz: got unexpected end/,
    );
    const flipped = Buffer.from(zipped);
    flipped[flipped.length - 6]! ^= 1; // in the checksum
    await rejects(as(flipped), 'SHOAL_DATA_CORRUPT', /images-idx3-ubyte\.gz: got incorrect data check/);
    await rejects(as(GOOD[name]!), 'SHOAL_DATA_CORRUPT', /\.gz: got incorrect header check/);
  });

  it('must belong together', async () => {
    await rejects(
      changed('train-labels-idx1-ubyte', labels(19)),
      'SHOAL_DATA_COUNT',
      /-labels\S+: got 19 labels, expected 20/,
    );
    await rejects(
      changed('t10k-images-idx3-ubyte', images(6, 3, 4)),
      'SHOAL_DATA_COUNT',
      /3 x 4 x 1, expected 4 x 3 x 1/,
    );
  });

  it('must hold samples', async () => {
    const empty = { 't10k-images-idx3-ubyte': images(0), 't10k-labels-idx1-ubyte': labels(0) };
    await rejects({ ...GOOD, ...empty }, 'SHOAL_DATA_EMPTY', /t10k-images\S+: got 0 x 4 x 3/);
  });

  it('must have labels below the number of classes, given or seen in training', async () => {
    await rejects(GOOD, 'SHOAL_DATA_LABEL', /train-labels\S+: got label 4 at sample 2, expected .* 0 to 3/, {
      classes: 4,
    });
    await rejects(
      changed('t10k-labels-idx1-ubyte', labels(6, 6)),
      'SHOAL_DATA_LABEL',
      /t10k-labels\S+: got label 5 at sample 3/,
    );
    assert.equal((await open(path, { classes: 9 })).train.classes, 9);
  });
});
