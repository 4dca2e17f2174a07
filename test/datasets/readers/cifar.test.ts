// cifar.test.ts: CIFAR's binary files: through the reader suite, with exact values, and through what can be wrong.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { testReader } from '../../cases/reader.ts';
import { code, floats, formatFiles, reasons } from '../support/format-files.ts';

describe('CIFAR', () => {
  const { at, open, scan } = formatFiles();
  /** Records whose pixel is plane * 50 + i % 50. */
  const records = (labels: readonly (readonly number[])[]) =>
    Buffer.concat(
      labels.map((label) =>
        Buffer.from([
          ...label,
          ...Array.from({ length: 3072 }, (_, i) => Math.floor(i / 1024) * 50 + ((i % 1024) % 50)),
        ]),
      ),
    );
  before(() => {
    mkdirSync(at('cifar10'));
    for (let i = 1; i <= 5; i++) writeFileSync(at(`cifar10/data_batch_${i}.bin`), records([[i], [(i + 3) % 10]]));
    writeFileSync(at('cifar10/test_batch.bin'), records([[9], [11]]));
    mkdirSync(at('cifar100'));
    for (const name of ['train', 'test']) writeFileSync(at(`cifar100/${name}.bin`), records([[3, 42]]));
  });
  testReader('CIFAR-100', async () => (await open('cifar', 'cifar100')).train);

  it('gives pixels with their channels side by side, fine or coarse labels, and tells of labels out of range', async () => {
    const ten = await scan('cifar', 'cifar10');
    assert.deepEqual([ten.entries.length, ten.classes!.length, ten.entries[0]!.label], [11, 10, 1]);
    assert.deepEqual((await floats(ten, 0)).slice(0, 6), [0, 50, 100, 1, 51, 101]);
    assert.deepEqual(reasons(ten), ['test_batch.bin#00001: a label that is no class of the dataset']);
    const hundred = await open('cifar', 'cifar100', { labels: 'coarse' });
    assert.equal(hundred.train.classes, 20);
    const label = new Uint8Array(4);
    hundred.train.read(0, { label });
    assert.equal(label[0], 3);
    writeFileSync(at('cifar10/test_batch.bin'), records([[9]]).subarray(0, 3000));
    await assert.rejects(scan('cifar', 'cifar10'), code('SHOAL_DATA_TRUNCATED', /3000 bytes/));
    rmSync(at('cifar10/test_batch.bin'));
    await assert.rejects(scan('cifar', 'cifar10'), code('SHOAL_DATA_MISSING'));
  });
});
