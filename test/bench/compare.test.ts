// compare.test.ts: a bench beside an earlier one: changes beyond the noise are told, and a slower machine is none.
import assert from 'node:assert/strict';
import { changesText, compareRows, readRows } from '../../bench/compare.ts';
import { benchRow, toJsonLines } from '../../bench/table.ts';

describe('a bench beside an earlier one', () => {
  const before = [benchRow('digits', 1000, { peer: 500 }), benchRow('alone', 100, {}), benchRow('gone', 1, {})];
  const verdicts = (now: readonly ReturnType<typeof benchRow>[]) =>
    Object.fromEntries(compareRows(readRows(toJsonLines(before)), now).map((it) => [it.name, it.verdict]));

  it('flags what is slower or faster than the noise of 7 % for ratios and 15 % for figures alone', () => {
    assert.deepEqual(verdicts([benchRow('digits', 920, { peer: 500 }), benchRow('alone', 84, {})]), {
      digits: 'SLOWER',
      alone: 'SLOWER',
    });
    assert.deepEqual(verdicts([benchRow('digits', 940, { peer: 500 }), benchRow('alone', 110, {})]), {
      digits: 'same',
      alone: 'same',
    });
    assert.equal(verdicts([benchRow('digits', 1100, { peer: 500 })])['digits'], 'faster');
  });

  it('takes a machine that is half as fast for what it is, where a peer ran beside', () => {
    assert.deepEqual(verdicts([benchRow('digits', 500, { peer: 250 })]), { digits: 'same' });
    const [change] = compareRows(before, [benchRow('digits', 800, { peer: 500 }), benchRow('new', 1, {})]);
    assert.match(changesText([change!]), /^SLOWER {3}-20\.0 % {2}digits: 1000 before, 800\.0 now\n$/);
  });
});
