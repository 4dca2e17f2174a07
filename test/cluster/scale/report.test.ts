// report.test.ts: the arithmetic of scaling experiments: order of runs, intervals, the fitted law, efficiencies against the probes, notes.
import assert from 'node:assert/strict';
import { scalePage } from '../../../bin/output/scale-page.ts';
import { scaleTable, scaleText } from '../../../bin/output/scale-text.ts';
import type { Plan, Result } from '../../../cluster/scale/experiment.ts';
import { fitTimes } from '../../../cluster/scale/fit.ts';
import { type Grid, keyOf, parseCounts, settingsOf, turnsOf } from '../../../cluster/scale/grid.ts';
import { sharesOf } from '../../../cluster/scale/measure.ts';
import { scaleReport } from '../../../cluster/scale/report.ts';
import { interval, variation } from '../../../cluster/scale/statistics.ts';

const grid: Grid = { threads: [1, 2], workers: [], servers: [], codec: [], kind: 'strong', repeat: 3 };
const plan: Plan = {
  name: 'digits',
  job: ['digits.json'],
  grid,
  batch: 32,
  microShards: 4,
  seconds: 1,
  warmupSeconds: 1,
  target: null,
  price: 3.6,
  cores: 2,
};

/** Times of steps after the law, whose probes reach 1.9 with two. */
function results(of: Grid, stepMs: (n: number) => number, noise: readonly number[] = [1, 1, 1]): Result[] {
  return turnsOf(of).map((turn) => {
    const n = turn.threads * (turn.workers ?? 1);
    const speed = noise[turn.round]!;
    const ms = stepMs(n) / speed;
    return {
      ...turn,
      samplesPerSecond: 32_000 / ms,
      stepMs: ms,
      steps: 100,
      samples: 8000,
      parameters: 10,
      bytesPerStep: turn.workers === null ? null : 1000 * n,
      shares: { compute: 0.7, reduce: 0.1, wire: 0.1, wait: 0.1 },
      toTarget: null,
      probe: { one: 100 * speed, together: (n === 1 ? 100 : 190) * speed },
      others: 0,
    };
  });
}

describe('the grid of an experiment', () => {
  it('is every combination, interleaved by rounds, each second one backwards', () => {
    const all: Grid = { ...grid, threads: [1, 2], workers: [2, 1], codec: ['f32', 'f16'], repeat: 2 };
    assert.deepEqual(settingsOf(all).map(keyOf).slice(0, 3), [
      'threads=1 workers=1 servers=1 codec=f32',
      'threads=1 workers=1 servers=1 codec=f16',
      'threads=1 workers=2 servers=1 codec=f32',
    ]);
    const turns = turnsOf(all);
    assert.equal(turns.length, 16);
    assert.equal(keyOf(turns[7]!), keyOf(turns[8]!));
    assert.deepEqual(
      turns.map((it) => it.round),
      [...Array(8).fill(0), ...Array(8).fill(1)],
    );
  });

  it('refuses what are no numbers', () => {
    assert.deepEqual(parseCounts('1,2,8', 'threads'), [1, 2, 8]);
    for (const text of ['', '0', '1,1', '1.5', 'x'])
      assert.throws(() => parseCounts(text, 'workers'), { code: 'SHOAL_SCALE_GRID', got: text });
  });
});

describe('figures of several runs', () => {
  it("have Student's interval of their logarithms: that of 1, 2, 4 is 2 with bounds 0.357 and 11.19, within 1e-3", () => {
    const { median, low, high } = interval([1, 4, 2]);
    assert.equal(median, 2);
    assert.ok(Math.abs(low / 0.35745 - 1) < 1e-3 && Math.abs(high / 11.1904 - 1) < 1e-3, `${low} ${high}`);
    assert.deepEqual(interval([3]), { median: 3, low: 3, high: 3 });
    assert.ok(Math.abs(variation([9, 10, 11]) - 0.1) < 1e-12);
  });

  it('give the terms of the law that they follow, within 1e-6, and where it stops to scale', () => {
    const law = (n: number) => ({ n, stepMs: 100 / n + 5 + 0.25 * (n - 1) });
    const fit = fitTimes([1, 2, 4, 8, 16].map(law))!;
    assert.ok(Math.abs(fit.work - 100) < 1e-6 && Math.abs(fit.serial - 5) < 1e-6 && Math.abs(fit.each - 0.25) < 1e-6);
    assert.equal(fit.fastest, 20);
    // 105 / (n (100 / n + 5 + 0.25 (n - 1))) is 0.535 with 13 and 0.497 with 14
    assert.equal(fit.half, 13);
    assert.match(fit.advice, /on the wire/);
    const amdahl = fitTimes([1, 2, 4].map((n) => ({ n, stepMs: 90 / n + 11 })))!;
    assert.ok(Math.abs(amdahl.serialShare - 11 / 101) < 1e-9);
    assert.equal(amdahl.fastest, null);
    assert.equal(amdahl.half, 10);
    assert.equal(fitTimes([{ n: 1, stepMs: 3 }]), null);
    // faster than linear: no term is negative
    const odd = fitTimes([1, 2].map((n) => ({ n, stepMs: 10 / n ** 1.2 })))!;
    assert.ok(odd.serial === 0 && odd.each === 0);
  });

  it('share out the processors; where all are busy the sum is the whole', () => {
    const none = { compute: 0, reduce: 0, wire: 0 };
    const shares = sharesOf(none, { compute: 6, reduce: 1, wire: 1 }, 16);
    assert.deepEqual(shares, { compute: 0.375, reduce: 0.0625, wire: 0.0625, wait: 0.5 });
    const over = sharesOf(none, { compute: 12, reduce: 4, wire: 4 }, 10);
    assert.deepEqual(over, { compute: 0.6, reduce: 0.2, wire: 0.2, wait: 0 });
  });
});

describe('the report of an experiment', () => {
  it('holds speed-ups against the probes of the same rounds: a machine that slows down for one round changes neither', () => {
    const report = scaleReport(
      plan,
      results(grid, (n) => 10 / n + 1, [1, 0.5, 0.8]),
    );
    assert.deepEqual(Object.keys(report.efficiency), ['1', '2']);
    assert.equal(report.event, 'done');
    assert.equal(report.axis, 'threads');
    assert.ok(Math.abs(report.speedup['2']! - 11 / 6) < 1e-9);
    assert.ok(Math.abs(report.efficiency['2']! - 11 / 6 / 1.9) < 1e-9);
    assert.equal(report.efficiency['1'], 1);
    const { efficiency, epoch_cost } = report.rows[1]!;
    assert.ok(efficiency.high - efficiency.low < 1e-9);
    assert.ok(Math.abs(epoch_cost! - (3.6 * 8000) / report.rows[1]!.throughput.median / 3600) < 1e-12);
    assert.ok(report.notes.some((note) => note.startsWith('noisy machine')));
  });

  it('tells of too many threads, of servers that share processors, of too few rounds; and of nothing else', () => {
    assert.deepEqual(
      scaleReport(
        plan,
        results(grid, (n) => 10 / n),
      ).notes,
      [],
    );
    const many: Grid = { ...grid, threads: [1], workers: [1, 2, 4], repeat: 1 };
    const { notes, axis } = scaleReport(
      { ...plan, grid: many },
      results(many, (n) => 10 / n),
    );
    assert.equal(axis, 'workers');
    assert.deepEqual(
      notes.map((note) => note.split(':')[0]),
      ['oversubscribed', 'servers and coordinator share the processors of the workers in', '1 round'],
    );
  });

  it('shows what was carried where a run told it, and no 0 where none did', () => {
    const workers: Grid = { ...grid, threads: [1], workers: [1, 2] };
    const all = results(workers, (n) => 10 / n);
    // two workers were over before they were asked, but for one round
    const some = all.map((it) => (it.workers === 2 && it.round !== 1 ? { ...it, bytesPerStep: null } : it));
    const none = some.map((it) => (it.workers === 2 ? { ...it, bytesPerStep: null } : it));
    const told = (own: Result[]) => scaleReport({ ...plan, grid: workers }, own);
    assert.deepEqual(
      told(some).rows.map((row) => row.bytes_per_step),
      [1000, 2000],
    );
    const { heads, cells } = scaleTable(told(none));
    const column = heads.indexOf('bytes/step');
    assert.deepEqual(
      cells.map((row) => row[column]),
      ['1000 B', '-'],
    );
  });

  it('has the same figures in its table, on its page and in the last line of --json', () => {
    const report = scaleReport(
      plan,
      results(grid, (n) => 10 / n + 1, [1, 0.9, 1.1]),
    );
    const page = scalePage(report);
    const found = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
    assert.deepEqual(JSON.parse(found), JSON.parse(JSON.stringify(report)));
    const cells = [...page.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell!);
    const text = scaleText(report);
    assert.ok(cells.length >= 16);
    for (const cell of cells) assert.ok(text.includes(cell), cell);
    assert.ok(text.includes(report.speedup['2']!.toFixed(2)));
    // one file: nothing is fetched
    assert.doesNotMatch(page.replace(/<script.*?<\/script>/gs, ''), /(src|href)=|url\(|@import/);
    assert.match(page, /Bands are 95 % intervals/);
    const [first, second] = [results(grid, (n) => 10 / n + 1, [1, 0.9, 1.1]), { ...grid, repeat: 2 }];
    const two = scalePage(scaleReport({ ...plan, grid: second }, first.slice(0, 4)));
    assert.match(two, /Bands are the least and the most/);
    assert.match(page, /uPlot/);
    assert.match(page, /prefers-color-scheme: dark/);
    assert.match(page, /@media print/);
  });
});
