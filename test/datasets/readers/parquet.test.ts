// parquet.test.ts: Parquet with images and tables: through the reader suite, with exact values, and through what can be wrong.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { testReader } from '../../cases/reader.ts';
import { CSV, code, floats, formatFiles, reasons } from '../support/format-files.ts';
import { encoded } from '../support/images.ts';

describe('Parquet', () => {
  const { at, open, scan } = formatFiles();
  before(async () => {
    const images = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => encoded('png', i % 3, i)));
    const [names, ...rows] = CSV.trim()
      .split('\n')
      .map((line) => line.split(','));
    const write = (
      name: string,
      columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData'],
      rowGroupSize = 100,
    ) => writeFileSync(at(name), Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize })));
    write('images.parquet', [
      { name: 'image', data: images, type: 'BYTE_ARRAY' },
      { name: 'label', data: [0, 1, 2, 0, 1, 2], type: 'INT32' },
    ]);
    writeFileSync(at('table.csv'), CSV);
    const column = (i: number) => rows.map((row) => row[i]!);
    write(
      'table.parquet',
      names!.map((name, i) =>
        name === 'length' || name === 'width'
          ? { name, data: column(i).map(Number), type: 'DOUBLE' as const }
          : { name, data: column(i), type: 'STRING' as const },
      ),
      2,
    );
  });
  testReader('Parquet with images', async () => (await open('parquet', 'images.parquet', { test: 0.34 })).train);

  it('gives images and labels, and tables as CSV does', async () => {
    const source = await scan('parquet', 'images.parquet');
    assert.deepEqual(
      source.entries.map(({ label }) => label),
      [0, 1, 2, 0, 1, 2],
    );
    const content = await source.load(source.entries[4]!);
    assert.ok(content.kind === 'image');
    assert.deepEqual(Buffer.from(content.bytes), await encoded('png', 1, 4));
    const table = await scan('parquet', 'table.parquet');
    assert.deepEqual(await floats(table, 1), [2.5, 1, 0, -10]);
    assert.equal((await open('parquet', 'table.parquet')).train.hash, (await open('csv', 'table.csv')).train.hash);
  });

  it('takes labels that are written as bytes, and tells of those that are missing or below 0', async () => {
    const image = await Promise.all([0, 1, 2, 3].map((i) => encoded('png', i % 3, i)));
    const write = (name: string, data: unknown[], type: 'BYTE_ARRAY' | 'INT32') => {
      const columnData = [
        { name: 'label', data, type },
        { name: 'image', data: image, type: 'BYTE_ARRAY' as const },
      ];
      writeFileSync(at(name), Buffer.from(parquetWriteBuffer({ columnData })));
      return scan('parquet', name);
    };
    const bytes = await write(
      'bytes.parquet',
      ['b', 'a', 'b', 'a'].map((text) => Buffer.from(text)),
      'BYTE_ARRAY',
    );
    assert.deepEqual(
      [bytes.classes, bytes.entries.map(({ label }) => label)],
      [
        ['a', 'b'],
        [1, 0, 1, 0],
      ],
    );
    const odd = await write('odd.parquet', [1, null, -1, 0], 'INT32');
    assert.deepEqual(
      [odd.classes, odd.entries.map(({ label }) => label)],
      [
        ['0', '1'],
        [1, 0],
      ],
    );
    assert.deepEqual(reasons(odd).sort(), [
      'row-00000001: a row with a missing value',
      'row-00000002: a label that is no class of the dataset',
    ]);
  });

  it('loses the rows of a damaged page alone, and tells of them', async () => {
    const bytes = readFileSync(at('table.parquet'));
    bytes.fill(0xff, 4, 30); // the first page's header
    writeFileSync(at('damaged.parquet'), bytes);
    const source = await scan('parquet', 'damaged.parquet');
    assert.deepEqual(
      reasons(source),
      [0, 1].map((i) => `row-0000000${i}: a row group with a damaged page`),
    );
    assert.equal(source.entries.length, 4);
    // a column's path in the footer, beside the damaged page: the last mention of its name
    bytes[bytes.lastIndexOf('colour')]! ^= 1;
    writeFileSync(at('path.parquet'), bytes);
    await assert.rejects(scan('parquet', 'path.parquet'), code('SHOAL_DATA_FORMAT', /the column \["bolour"\]/));
    writeFileSync(at('no.parquet'), 'PAR1 no PAR1');
    await assert.rejects(scan('parquet', 'no.parquet'), code('SHOAL_DATA_FORMAT'));
  });
});
