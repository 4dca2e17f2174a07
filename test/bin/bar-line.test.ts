// bar-line.test.ts: what of a progress bar's line is shown in terminals of any width.
import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { type BarLine, barLine } from '../../bin/output/bar-line.ts';

const plain = pc.createColors(false);
const line: BarLine = {
  place: 'epoch 1/10',
  value: 120,
  total: 250,
  fields: ['3.4 ms/step', '9,386 samples/s', 'ETA 0:23', 'loss 0.4136', 'accuracy 0.8834'],
  kept: [2, 3, 4, 1, 0],
};

describe('the line of a progress bar', () => {
  it('shortens the bar first, then leaves fields out, those missed least before the others', () => {
    const shown = (columns: number) => barLine(line, columns, plain);
    const all = '120/250  3.4 ms/step  9,386 samples/s  ETA 0:23  loss 0.4136  accuracy 0.8834';
    assert.equal(shown(200), `epoch 1/10 ━━━━━━━━━━━━──────────── ${all}`);
    assert.equal(shown(98), `epoch 1/10 ━━━━──── ${all}`);
    assert.equal(shown(80), 'epoch 1/10 ━━━━━━━━━━────────── 120/250  ETA 0:23  loss 0.4136  accuracy 0.8834');
    assert.equal(shown(60), 'epoch 1/10 ━━━━━━━━───────── 120/250  ETA 0:23  loss 0.4136');
    assert.equal(shown(40), 'epoch 1/10 ━━━━━───── 120/250  ETA 0:23');
    assert.equal(shown(20), 'epoch 1/10  120/250');
    assert.deepEqual([shown(12), shown(8), shown(7)], ['120/250', '120/250', '']);
  });

  it('leaves the last column free, has only whole fields, and counts no colours, at any width', () => {
    const colors = pc.createColors(true);
    for (let columns = 0; columns < 120; columns++) {
      const text = barLine(line, columns, plain);
      assert.ok(text.length <= Math.max(0, columns - 1), `${text.length} in ${columns}`);
      const [, ...fields] = text.split('250')[1]?.split('  ') ?? [];
      for (const field of fields) assert.ok(line.fields.includes(field), field);
      assert.equal(stripVTControlCharacters(barLine(line, columns, colors)), text);
    }
  });

  it('is full at the end, empty at the start, and no longer than full beyond it', () => {
    const bar = (value: number, total: number) => /[━─]+/.exec(barLine({ ...line, value, total }, 200, plain))![0];
    assert.deepEqual([bar(0, 250), bar(250, 250), bar(251, 250), bar(0, 0)].map(ends), ['──', '━━', '━━', '━━']);
  });
});

const ends = (bar: string): string => `${bar[0]}${bar.at(-1)}`;
