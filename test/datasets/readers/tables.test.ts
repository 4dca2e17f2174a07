// tables.test.ts: tables of numbers and words: through the reader suite, with exact values, and through what can be wrong.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { testReader } from '../../cases/reader.ts';
import { CSV, code, floats, formatFiles, reasons } from '../support/format-files.ts';

describe('tables', () => {
  const { at, open, scan } = formatFiles();
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

  it('have numbers that 32 bits hold: others, and what is infinite, are told and do not make words of a column', async () => {
    writeFileSync(at('large.csv'), 'x,label\n1,a\ninf,b\n1e300,a\n-Infinity,a\n3e38,b\n');
    const source = await scan('csv', 'large.csv');
    assert.deepEqual([await floats(source, 0), await floats(source, 1)], [[1], [Math.fround(3e38)]]);
    const told = 'a number that is infinite, or too large for 32 bits';
    assert.deepEqual(
      reasons(source),
      [2, 3, 4].map((row) => `row-0000000${row}: ${told}`),
    );
  });

  it('have classes in one order, whatever order the rows have: numbers by size, then words', async () => {
    for (const labels of [
      ['9', '10', '1a', '1.0', '1'],
      ['1a', '1', '9', '1.0', '10'],
      ['10', '1a', '1.0', '9', '1'],
    ]) {
      writeFileSync(at('mixed.csv'), `x,label\n${labels.map((label) => `1,${label}\n`).join('')}`);
      assert.deepEqual((await scan('csv', 'mixed.csv')).classes, ['1', '1.0', '9', '10', '1a']);
    }
  });

  it('are refused where they are no UTF-8, no file, or have nothing to learn from', async () => {
    writeFileSync(at('latin.csv'), Buffer.from('x,label\n1,a\n2,caf\u00e9\n3,caf\u00e8\n', 'latin1'));
    await assert.rejects(scan('csv', 'latin.csv'), code('SHOAL_DATA_FORMAT', /latin\.csv: got bytes in line 3/));
    writeFileSync(at('sign.csv'), 'x,label\n1,\ufffd\n'); // the character itself is one
    assert.deepEqual((await scan('csv', 'sign.csv')).classes, ['\ufffd']);
    mkdirSync(at('folder.csv'));
    await assert.rejects(scan('csv', 'folder.csv'), code('SHOAL_DATA_MISSING', /folder\.csv: got a folder/));
    writeFileSync(at('semicolons.csv'), 'x;label\n1;a\n');
    await assert.rejects(scan('csv', 'semicolons.csv'), code('SHOAL_DATA_FIELD', /"delimiter"/));
    writeFileSync(at('lists.jsonl'), '{"x":[1,2],"label":"a"}\n{"x":[3],"label":"b"}\n');
    await assert.rejects(scan('jsonl', 'lists.jsonl'), code('SHOAL_DATA_FIELD', /"x" .* got lists or objects/));
  });
});
