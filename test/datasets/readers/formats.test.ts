// formats.test.ts: the readers of formats that are read whole: each through the reader suite, with exact values, and through what can be wrong.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { ShoalError } from '../../../base/errors.ts';
import { writeNpy } from '../../../datasets/formats/npy-write.ts';
import { parseExample, writeExample, writeRecord } from '../../../datasets/formats/tf-record.ts';
import type { Dataset } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset, scanDataset } from '../../../datasets/readers/index.ts';
import type { Source } from '../../../datasets/source.ts';
import { testReader } from '../../cases/reader.ts';
import { encoded, pixels } from '../support/images.ts';

const home = mkdtempSync(join(tmpdir(), 'shoal-formats-'));
const at = (name: string) => join(home, name);
const open = (reader: string, name: string, options = {}): Promise<Dataset> =>
  openDataset(datasetSchema.parse({ reader, path: at(name), ...options }));
const closing: Source[] = [];
const scan = async (reader: string, name: string, options = {}) => {
  const source = await scanDataset({ reader, path: at(name), ...options });
  closing.push(source);
  return source;
};
const code =
  (wanted: string, pattern = /./) =>
  (error: ShoalError) =>
    error.code === wanted && pattern.test(error.message);
const reasons = ({ bad }: Source) => bad.map(({ key, reason }) => `${key}: ${reason}`);
async function floats(source: Source, row: number): Promise<number[]> {
  const content = await source.load(source.entries[row]!);
  assert.ok(content.kind === 'array');
  return [...content.data];
}

after(async () => {
  for (const source of closing) await source.close();
  rmSync(home, { recursive: true });
});

const CSV =
  'length,colour,width,species\n1.5,red,2,b\n2.5,blue,-1e1,a\n3,red,4,b\n4,red,0.5,a\n5,blue,1,b\n6,blue,2,a\n';

describe('tables', () => {
  before(() => {
    writeFileSync(at('table.csv'), CSV);
    writeFileSync(at('table.tsv'), CSV.replaceAll(',', '\t'));
    const [names, ...rows] = CSV.trim()
      .split('\n')
      .map((line) => line.split(','));
    writeFileSync(
      at('table.jsonl'),
      rows.map((row) => `${JSON.stringify(Object.fromEntries(names!.map((name, i) => [name, row[i]])))}\n`).join(''),
    );
  });
  testReader('a CSV file', async () => (await open('csv', 'table.csv', { test: 0.34 })).train);
  testReader('a JSONL file', async () => (await open('jsonl', 'table.jsonl', { test: 0.34 })).test);

  it('become floats: numbers as they are, words as one column each, labels by sorted names', async () => {
    for (const [reader, name] of [
      ['csv', 'table.csv'],
      ['csv', 'table.tsv'],
      ['jsonl', 'table.jsonl'],
    ] as const) {
      const source = await scan(reader, name);
      assert.deepEqual(source.classes, ['a', 'b']);
      assert.deepEqual(
        source.entries.map(({ label }) => label),
        [1, 0, 1, 0, 1, 0],
      );
      assert.deepEqual(await floats(source, 0), [1.5, 0, 1, 2]);
      assert.deepEqual(await floats(source, 1), [2.5, 1, 0, -10]);
    }
    const source = await scan('csv', 'table.csv', { label: 'colour', features: ['width'] });
    assert.deepEqual([source.classes, await floats(source, 4)], [['blue', 'red'], [1]]);
  });

  it('lose no good row to ragged ones, empty values and quotes', async () => {
    writeFileSync(at('ragged.csv'), '\ufeffx,label\n1,a\n2\n3,"b, or ""c"""\n4,b,5\n\n,a\nNA,a\n6,a\n');
    const source = await scan('csv', 'ragged.csv');
    assert.deepEqual(
      source.entries.map(({ key, label }) => [key, source.classes![label!]]),
      [
        ['row-00000001', 'a'],
        ['row-00000003', 'b, or "c"'],
        ['row-00000007', 'a'],
      ],
    );
    assert.equal(source.bad.length, 4);
    const dropped = await scan('csv', 'ragged.csv', { missing: 'drop' });
    assert.equal(dropped.bad.length, 2);
    await assert.rejects(open('csv', 'ragged.csv'), code('SHOAL_DATA_SAMPLE', /4 bad samples.*row-00000002/));
  });

  it('are refused without such a column, with a column of names, without a row', async () => {
    await assert.rejects(
      scan('csv', 'table.csv', { label: 'kind' }),
      code('SHOAL_DATA_FIELD', /length, colour, width, species/),
    );
    writeFileSync(at('names.csv'), `name,label\n${Array.from({ length: 70 }, (_, i) => `n${i},a\n`).join('')}`);
    await assert.rejects(scan('csv', 'names.csv'), code('SHOAL_DATA_FIELD', /70 different words/));
    writeFileSync(at('empty.csv'), 'x,label\n');
    await assert.rejects(scan('csv', 'empty.csv'), code('SHOAL_DATA_EMPTY'));
    writeFileSync(at('open.csv'), 'x,label\n1,"a\n2,b\n');
    await assert.rejects(scan('csv', 'open.csv'), code('SHOAL_DATA_CORRUPT'));
    await assert.rejects(scan('csv', 'nowhere.csv'), code('SHOAL_DATA_MISSING'));
  });
});

describe('CIFAR', () => {
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

describe('NumPy arrays', () => {
  /** As numpy.save writes whole numbers by default: 64 bits. */
  const longs = (values: readonly number[]) => {
    const bytes = writeNpy([2 * values.length], new Int32Array(BigInt64Array.from(values, BigInt).buffer));
    const text = Buffer.from(bytes)
      .toString('latin1')
      .replace('<i4', '<i8')
      .replace(`(${2 * values.length},)`, `(${values.length},)`);
    return new Uint8Array(Buffer.from(text, 'latin1'));
  };
  const arrays = (labels = [0, 1, 2, 1]) => ({
    'x_train.npy': writeNpy(
      [4, 2, 3],
      Uint8Array.from({ length: 24 }, (_, i) => i),
    ),
    'y_train.npy': longs(labels),
    'x_test.npy': writeNpy([1, 2, 3], Uint8Array.of(9, 9, 9, 9, 9, 8)),
    'y_test.npy': writeNpy([1], Uint8Array.of(2)),
  });
  before(() => {
    writeFileSync(at('set.npz'), zipSync(arrays()));
    mkdirSync(at('npy'));
    for (const [name, bytes] of Object.entries(arrays())) writeFileSync(at(`npy/${name}`), bytes);
  });
  testReader('an .npz file', async () => (await open('npy', 'set.npz')).train);

  it('are the same from .npz and from a folder, with a channel where pixels have none', async () => {
    const [a, b] = [await open('npy', 'set.npz'), await open('npy', 'npy')];
    assert.equal(a.train.hash, b.train.hash);
    assert.deepEqual([a.train.fields['image']!.shape, a.train.classes, a.test.length], [[2, 3, 1], 3, 1]);
    const source = await scan('npy', 'set.npz');
    assert.deepEqual(await floats(source, 4), [9, 9, 9, 9, 9, 8]);
  });

  it('are refused when counts differ or nothing is known, and bad labels are told', async () => {
    writeFileSync(at('counts.npz'), zipSync({ ...arrays(), 'y_train.npy': writeNpy([3], Uint8Array.of(0, 1, 2)) }));
    await assert.rejects(scan('npy', 'counts.npz'), code('SHOAL_DATA_COUNT'));
    writeFileSync(at('other.npz'), zipSync({ 'z.npy': writeNpy([1], Uint8Array.of(1)) }));
    await assert.rejects(scan('npy', 'other.npz'), code('SHOAL_DATA_MISSING', /the arrays z/));
    writeFileSync(at('cut.npz'), zipSync(arrays()).subarray(0, 200));
    await assert.rejects(scan('npy', 'cut.npz'), code('SHOAL_DATA_CORRUPT'));
    writeFileSync(at('labels.npz'), zipSync(arrays([0, -1, 2, 1])));
    assert.deepEqual(reasons(await scan('npy', 'labels.npz')), [
      'x_train#00000001: a label that is no whole number from 0 on',
    ]);
  });
});

describe('Parquet', () => {
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

  it('loses the rows of a damaged page alone, and tells of them', async () => {
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(at('table.parquet'));
    bytes.fill(0xff, 4, 30); // the first page's header
    writeFileSync(at('damaged.parquet'), bytes);
    const source = await scan('parquet', 'damaged.parquet');
    assert.deepEqual(
      reasons(source),
      [0, 1].map((i) => `row-0000000${i}: a row group with a damaged page`),
    );
    assert.equal(source.entries.length, 4);
    writeFileSync(at('no.parquet'), 'PAR1 no PAR1');
    await assert.rejects(scan('parquet', 'no.parquet'), code('SHOAL_DATA_FORMAT'));
  });
});

describe('TFRecord', () => {
  const file = (name: string, records: readonly Uint8Array[]) =>
    writeFileSync(at(name), Buffer.concat(records.flatMap(writeRecord)));
  before(async () => {
    const records = await Promise.all(
      [0, 1, 2, 0, 1, 2].map(async (label, i) =>
        writeExample({
          'image/encoded': { bytes: [await encoded('png', label, i)] },
          'image/class/label': { ints: [label] },
        }),
      ),
    );
    file('set.tfrecord', records);
  });
  testReader('TFRecord with images', async () => (await open('tfrecord', 'set.tfrecord', { test: 0.34 })).train);

  it('reads images, raw pixels with a shape, and floats', async () => {
    file('kinds.tfrecord', [
      writeExample({ image: { bytes: [pixels(0, 1)] }, shape: { ints: [12, 16, 3] }, label: { ints: [300] } }),
      writeExample({ features: { floats: [1.5, -2] }, label: { bytes: [Buffer.from('7')] } }),
    ]);
    const source = await scan('tfrecord', 'kinds.tfrecord');
    assert.deepEqual(
      source.entries.map(({ label }) => label),
      [300, 7],
    );
    assert.deepEqual(await floats(source, 0), [...pixels(0, 1)]);
    assert.deepEqual(await floats(source, 1), [1.5, -2]);
  });

  it('gives back what is written: negative and large whole numbers, floats, bytes', () => {
    const example = {
      a: { ints: [-1, 0, 127, 128, 2 ** 40] },
      b: { floats: [0.5, -3] },
      c: { bytes: [Uint8Array.of(1, 2)] },
    };
    const back = parseExample(writeExample(example));
    assert.deepEqual(back['a'], example.a);
    assert.deepEqual(back['b'], example.b);
    assert.deepEqual([...(back['c'] as { bytes: Uint8Array[] }).bytes[0]!], [1, 2]);
  });

  it('loses no good record to a damaged one and to a cut end', async () => {
    const good = writeExample({ features: { floats: [1] }, label: { ints: [0] } });
    const whole = Buffer.concat([good, good, Uint8Array.of(255, 255, 1)].flatMap(writeRecord));
    whole[14]! ^= 1;
    writeFileSync(at('hurt.tfrecord'), Buffer.concat([whole, whole.subarray(0, 20)]));
    const source = await scan('tfrecord', 'hurt.tfrecord');
    assert.equal(source.entries.length, 1);
    assert.deepEqual(reasons(source).sort(), [
      'hurt.tfrecord#00000000: a record whose checksum is wrong',
      'hurt.tfrecord#00000002: a record that is no Example',
      'hurt.tfrecord: the file ends inside a record',
    ]);
  });
});
