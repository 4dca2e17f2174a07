// folder.test.ts: image folders in each layout, with exact pixels, and everything that can lie among them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ShoalError } from '../../../base/errors.ts';
import { scanFolder } from '../../../datasets/readers/folder.ts';
import { datasetSchema, openDataset } from '../../../datasets/readers/index.ts';
import { testReader } from '../../cases/reader.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { encoded, pixels, write, writeImages } from '../support/images.ts';

const home = temporaryFolder('folder');
const open = (path: string, options = {}) =>
  openDataset(datasetSchema.parse({ reader: 'folder', path: join(home, path), ...options }));

describe('folders of images', () => {
  before(async () => {
    await writeImages(join(home, 'plain'), 5);
    await writeImages(join(home, 'split'), 3, 'train/');
    await writeImages(join(home, 'split'), 1, 'test/', 90);
  });
  testReader('a folder, train', async () => (await open('plain')).train);
  testReader('a folder, test, resized and grey', async () => (await open('plain', { size: [6, 6], channels: 1 })).test);

  it('give the pixels of a PNG as they are, and the label by the sorted names of the folders', async () => {
    const { train, test } = await open('split');
    assert.deepEqual([train.length, test.length, train.classes], [9, 3, 3]);
    assert.deepEqual(test.fields['image'], { shape: [12, 16, 3], dtype: 'u8' });
    const image = new Uint8Array(12 * 16 * 3);
    const label = new Uint8Array(4);
    test.read(1, { image, label });
    assert.deepEqual([...image], [...pixels(1, 90)]);
    assert.equal(label[0], 1);
  });

  it('hold a fifth of each class out by default, the same one each time, another one by another seed', async () => {
    const [a, b, c] = [await open('plain'), await open('plain'), await open('plain', { splitSeed: 3 })];
    assert.deepEqual([a.train.length, a.test.length], [12, 3]);
    const label = new Uint8Array(4);
    const labels = [0, 1, 2].map((i) => {
      a.test.read(i, { label });
      return label[0];
    });
    assert.deepEqual(labels, [0, 1, 2]);
    assert.equal(a.test.hash, b.test.hash);
    assert.notEqual(a.test.hash, c.test.hash);
  });

  it('may be named by metadata.csv or metadata.jsonl', async () => {
    for (const [name, text] of [
      ['csv', 'file_name,label\nx/1.png,dog\nx/2.png,cat\nx/3.png,cat,1\nx/4.png,dog\n'],
      [
        'jsonl',
        '{"file_name":"x/1.png","label":"dog"}\n{"file_name":"x/2.png","label":"cat"}\nno\n{"file_name":"x/4.png","label":1}',
      ],
    ] as const) {
      const root = join(home, `metadata-${name}`);
      write(root, `metadata.${name}`, text);
      for (const i of [1, 2, 3]) write(root, `x/${i}.png`, await encoded('png', 0, i));
      const { entries, classes, bad } = await scanFolder(root);
      assert.deepEqual(
        entries.map(({ key, label }) => `${key} ${classes![label!]}`),
        ['x/1.png dog', 'x/2.png cat'],
      );
      assert.deepEqual(bad.map(({ code }) => code).toSorted(), [
        'SHOAL_DATA_CORRUPT',
        'SHOAL_DATA_LABEL',
        'SHOAL_DATA_MISSING',
      ]);
    }
    const root = join(home, 'metadata-csv');
    write(root, 'metadata.csv', 'file_name,label\nx/1.png,dog\nx/2.png,\nx/3.png,null\n');
    const unlabelled = await scanFolder(root);
    assert.deepEqual(
      [unlabelled.classes, unlabelled.bad.map(({ reason }) => reason)],
      [['dog', 'null'], ['a row without its label']],
    );
  });

  it('tell of what is no sample: circles of links, links to nothing, pipes; odd names are samples', async () => {
    const root = join(home, 'odd');
    const names = ['a/new\nline.png', 'a/ü "quoted".png', 'b/%20.png', `b/${'long'.repeat(50)}.png`];
    for (const name of names) write(root, name, await encoded('png', 0, 1));
    write(root, '.hidden/x.png', '');
    write(root, 'a/.DS_Store', '');
    mkdirSync(join(root, 'c'));
    symlinkSync('..', join(root, 'c/above'));
    symlinkSync('self', join(root, 'c/self'));
    symlinkSync('nowhere', join(root, 'c/gone'));
    execFileSync('mkfifo', [join(root, 'c/pipe')]);
    const { entries, bad } = await scanFolder(root);
    assert.deepEqual(
      entries.map(({ key }) => key),
      names.toSorted(),
    );
    assert.deepEqual(
      bad.map(({ key, reason }) => `${key}: ${reason}`),
      [
        'c/above: a link to a folder above it',
        'c/gone: a link to nothing, or a name that is no UTF-8',
        'c/pipe: neither a file nor a folder',
        'c/self: links that lead in a circle',
      ],
    );
  });

  it('name the sample that cannot be decoded, and what to do', async () => {
    const good = await encoded('jpeg', 0, 1);
    const cases: [string, Uint8Array | string, RegExp][] = [
      ['zero', '', /zero bytes/],
      ['cut', good.subarray(0, good.length - 60), /ends early/],
      ['text', 'no image', /no image, by its first bytes/],
    ];
    for (const [name, bytes, pattern] of cases) {
      for (const label of ['a', 'b']) write(join(home, name), `${label}/x.jpg`, bytes);
      await assert.rejects(
        open(name, { test: 0.5 }),
        (error: ShoalError) =>
          error.code === 'SHOAL_DATA_SAMPLE' && pattern.test(error.message) && /[ab]\/x\.jpg/.test(error.message),
      );
    }
  });

  it('need one size, enough samples and a folder', async () => {
    await writeImages(join(home, 'sizes'), 4);
    write(join(home, 'sizes'), 'a/9.png', await encoded('png', 0, 0, 5, 5));
    const code = (wanted: string) => (error: ShoalError) => error.code === wanted;
    await assert.rejects(open('sizes'), code('SHOAL_SHAPE'));
    assert.equal((await open('sizes', { size: [8, 8] })).train.fields['image']!.shape[0], 8);
    await assert.rejects(open('plain', { test: 0 }), code('SHOAL_DATA_EMPTY'));
    await assert.rejects(open('nowhere'), code('SHOAL_DATA_MISSING'));
  });
});
