// class-names.test.ts: labels that are numbers, or names, or names that look like numbers: which class each is, in every format of shards.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labelled, withClasses } from '../../../datasets/readers/class-names.ts';
import { scanDataset } from '../../../datasets/readers/index.ts';
import type { Bad, Source } from '../../../datasets/source.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { encoded, write } from '../support/images.ts';
import { preparing } from '../support/prepare.ts';

const home = temporaryFolder('class-names');
const prepare = preparing(home, join(home, 'source'));

/** Labels, classes, and how many are bad. */
function labels(texts: readonly (string | null)[], known: readonly string[] | null) {
  const bad: Bad[] = [];
  const found = texts.map((label, i) => ({ entry: { key: `${i}`, part: null }, label }));
  const { entries, classes } = labelled(found, known, bad);
  return [entries.map(({ label }) => label), classes, bad.length];
}

describe('the classes of labels', () => {
  it('are names first where nothing else names them, and numbers where all are numbers', () => {
    assert.deepEqual(labels(['2', '00', '-1'], null), [[2, 0], ['0', '1', '2'], 1]);
    assert.deepEqual(labels(['1', 'a', '0'], null), [[1, 2, 0], ['0', '1', 'a'], 0]);
    assert.deepEqual(labels(['a', '1', null], null), [[1, 0, null], ['1', 'a'], 0]);
    assert.deepEqual(labels([null], null), [[null], null, 0]);
  });

  it('are numbers first where a manifest names them, then names', () => {
    assert.deepEqual(labels(['1', 'a', '01', '2'], ['1', 'a']), [[1, 1, 1], ['1', 'a'], 1]);
    assert.deepEqual(labels(['7', '1', 'b', null], ['3', '7', '1']), [[1, 1, null], ['3', '7', '1'], 1]);
  });

  it('are the same in every format for folders whose names are numbers', async () => {
    for (const name of ['10', '2', '3', 'x'])
      for (const i of [0, 1])
        write(join(home, 'source'), `${name}/${i}.png`, await encoded('png', 0, Number.parseInt(name, 36) + 40 * i));
    for (const format of ['webdataset', 'tfrecord', 'parquet']) {
      await prepare(format, { format, split: { test: 0 }, shuffle: false });
      const { classes, entries, close } = await scanDataset({ reader: format, path: join(home, format) });
      assert.deepEqual(classes, ['10', '2', '3', 'x'], format);
      assert.deepEqual(
        entries.map(({ label }) => label),
        [0, 0, 1, 1, 2, 2, 3, 3],
        format,
      );
      await close();
    }
  });

  it('that a manifest does not have are bad samples in every format', async () => {
    for (const format of ['webdataset', 'tfrecord', 'parquet']) {
      const path = join(home, format, 'manifest.json');
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...manifest, classes: ['10', 'y'] }));
      const { entries, bad, close } = await scanDataset({ reader: format, path: join(home, format) });
      assert.deepEqual(
        entries.map(({ label }) => label),
        [0, 0, 1, 1],
        format,
      );
      assert.deepEqual(
        bad.map((one) => one.code),
        Array(4).fill('SHOAL_DATA_LABEL'),
        format,
      );
      await close();
    }
    const table = { entries: [{ key: 'a', part: null, label: 0 }], classes: ['2'], bad: [] } as unknown as Source;
    assert.equal(withClasses(table, ['x', 'y']).bad.length, 1);
  });
});
