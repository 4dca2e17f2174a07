// table.test.ts: what a bench prints.
import assert from 'node:assert/strict';
import { benchRow, toJsonLines, toTable } from '../../bench/table.ts';

const rows = [
  benchRow('digits', 12_000, { pytorch: 10_000, 'tfjs-cpu': 19.25 }),
  benchRow('gemm 1024', 110.5, { probe: 120 }),
  benchRow('alone', 0.5, {}),
];

describe('bench table', () => {
  it('gives the ratio to the best peer, and none without a peer', () => {
    assert.deepEqual(
      rows.map((row) => row.ratio),
      [1.2, 110.5 / 120, null],
    );
  });

  it('aligns a column for every peer of any row', () => {
    assert.equal(
      toTable(rows),
      [
        '             ours  pytorch  tfjs-cpu  probe  ratio',
        'digits     12,000   10,000     19.25      -  1.20x',
        'gemm 1024   110.5        -         -  120.0  0.92x',
        'alone       0.500        -         -      -      -',
        '',
      ].join('\n'),
    );
  });

  it('prints one JSON object a line', () => {
    const parsed = toJsonLines(rows)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(parsed, rows);
  });
});
