// counts.test.ts: the counts that metrics are made of.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf } from '../cases/kernel.ts';

const WIDTHS = [1, 2, 3, 5, 10, 17];
const rows = 7;
const m = 3;
const M = rows * m;

/** Scores with many ties. */
const scores = (C: number) => noise(M * (C + 1), C).map((x) => Math.round(3 * x));
const labels = (C: number, oneHot: boolean) =>
  oneHot
    ? Float32Array.from({ length: M * C }, (_, i) => Number(i % C === (Math.floor(i / C) * 5) % C))
    : Int32Array.from({ length: M }, (_, i) => (i % 8 === 7 ? -1 : (i * 5) % C));
const f64 = (length: number) => ({ data: new Float64Array(length).fill(3), misalign: 8 });

const each = <T>(make: (C: number, oneHot: boolean) => T): T[] =>
  WIDTHS.flatMap((C) => [false, true].map((oneHot) => make(C, oneHot)));
const title = (C: number, oneHot: boolean) => `${rows} x ${m} rows of ${C}, ${oneHot ? 'one-hot' : 'labels'}`;

const correct = (C: number, oneHot: boolean): KernelCase<'count_correct'> => ({
  title: title(C, oneHot),
  rows,
  operands: { y: { data: scores(C), misalign: 4 }, labels: { data: labels(C, oneHot) }, count: f64(2) },
  ints: { m, C, ldy: C + 1, oneHot: Number(oneHot) },
  writes: ['count'],
  tolerance: 0,
});
kernelSuite('count_correct', each(correct));

kernelSuite(
  'count_top_k',
  each((C, oneHot) => ({
    ...correct(C, oneHot),
    operands: { ...correct(C, oneHot).operands, count: f64(1) },
    ints: { m, C, ldy: C + 1, oneHot: Number(oneHot), k: 3 },
  })),
);

kernelSuite(
  'confusion',
  each((C, oneHot) => {
    const { y, labels } = correct(C, oneHot).operands;
    return { ...correct(C, oneHot), operands: { y, labels, counts: f64(C * C) }, writes: ['counts'] };
  }),
);

kernelSuite(
  'count_binary',
  WIDTHS.map((C) => ({
    title: `${rows} x ${m} rows of ${C}`,
    rows,
    operands: {
      y: { data: noise(M * (C + 1), C).map((x, i) => (i % 9 ? x : Number.NaN)), misalign: 4 },
      targets: { data: noise(M * C, 3).map((x) => Number(x > 0)) },
      count: f64(1),
    },
    ints: { m, C, ldy: C + 1 },
    writes: ['count'],
    tolerance: 0,
  })),
);

kernelSuite('confusion_binary', [
  {
    title: `${rows} x ${m} rows`,
    rows,
    operands: {
      y: { data: noise(M * 2), misalign: 4 },
      targets: { data: noise(M, 3).map((x) => Number(x > 0)) },
      counts: f64(4),
    },
    ints: { m, ldy: 2 },
    writes: ['counts'],
    tolerance: 0,
  },
]);

describe('counts', () => {
  it('take the first maximum, count ties at the k-th place in, and no label out of range', () => {
    const operands = {
      y: { data: Float32Array.of(1, 1, 0, 2, 3, 3, 1, 2, 3) },
      labels: { data: Int32Array.of(0, 2, 3) },
      count: f64(2),
    };
    const given = { title: '', rows: 3, operands, writes: [], tolerance: 0 } as const;
    const ints = { m: 1, C: 3, ldy: 3, oneHot: 0 };
    assert.equal(outputsOf('count_correct', { ...given, ints }).get('count')![0], 1);
    assert.equal(outputsOf('count_top_k', { ...given, ints: { ...ints, k: 1 } }).get('count')![0], 2);
  });
});
