// penalties.test.ts: regularisers and constraints.
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const LENGTHS = [1, 3, 4, 5, 17, 4095, 4097, 9000];
const RULES = [
  { l1: 0.01, l2: 0 },
  { l1: 0, l2: 0.02 },
  { l1: 0.03, l2: 0.02 },
] as const;
const doubles = (count: number) => ({ data: new Float64Array(count) });

const cases = (each: (count: number, rule: (typeof RULES)[number]) => KernelCase<'penalty'>) => [
  ...LENGTHS.map((count) => each(count, RULES[2])),
  ...RULES.map((rule) => each(33, rule)),
];

kernelSuite(
  'penalty',
  cases((count, rule) => ({
    title: `${count} weights, l1 ${rule.l1}, l2 ${rule.l2}`,
    rows: 1,
    operands: { source: { data: noise(count, 3), misalign: 4 }, sums: doubles(Math.ceil(count / 4096)) },
    ints: { count },
    floats: rule,
    writes: ['sums'],
    tolerance: 1e-14, // summed in another order
  })),
);

kernelSuite(
  'penalty_loss',
  [
    { rows: 5, leafEnds: [] },
    { rows: 7, leafEnds: [2, 5, 7] },
    { rows: 12, leafEnds: [3, 6, 8, 10, 12] },
  ].map(({ rows, leafEnds }) => ({
    title: `${rows} rows, ${leafEnds.length || 1} leaves`,
    rows,
    leafEnds,
    operands: { sums: { data: Float64Array.from(noise(6, 2)) }, sum: doubles(1) },
    ints: { count: 6 },
    writes: ['sum' as const],
    tolerance: 0,
  })),
);

kernelSuite(
  'sum_rows',
  [
    { rows: 5, leafEnds: [] },
    { rows: 12, leafEnds: [3, 6, 8, 10, 12] },
  ].map(({ rows, leafEnds }) => ({
    title: `${rows} rows, ${leafEnds.length || 1} leaves`,
    rows,
    leafEnds,
    operands: { values: { data: Float64Array.from(noise(rows, 2), (x) => x / 3) }, sum: doubles(1) },
    ints: {},
    writes: ['sum' as const],
    tolerance: 0,
  })),
);

kernelSuite(
  'penalty_gradient',
  [
    ...LENGTHS.map((count) => ({ count, rule: RULES[2], at: 2 })),
    ...RULES.map((rule) => ({ count: 33, rule, at: 0 })),
  ].map(({ count, rule, at }) => {
    const p = noise(count, 5);
    p[at] = 0; // which has no sign
    return {
      title: `${count} weights, l1 ${rule.l1}, l2 ${rule.l2}`,
      rows: 1,
      operands: {
        p: { data: p, misalign: 8 },
        scalars: { data: Float32Array.of(24, 0.1) },
        out: { data: zeros(count), misalign: 4 },
      },
      ints: { count },
      floats: rule,
      writes: ['out' as const],
      tolerance: 1e-7,
    };
  }),
);

kernelSuite(
  'limit_norm',
  [
    [1, 7, 1],
    [1, 5, 3],
    [1, 9, 4],
    [2, 6, 5],
    [3, 4, 18],
    [5, 33, 1],
  ].flatMap(([outer, K, inner]) =>
    [
      { floor: 0, ceiling: 0.5, rate: 1 },
      { floor: 1, ceiling: 1, rate: 1 },
      { floor: 2, ceiling: 3, rate: 0.25 },
    ].map((floats) => ({
      title: `(${outer}, ${K}, ${inner}) between ${floats.floor} and ${floats.ceiling}, rate ${floats.rate}`,
      rows: 1,
      operands: { w: { data: noise(outer! * K! * inner!, 4), misalign: 4 } },
      ints: { outer: outer!, K: K!, inner: inner! },
      floats,
      writes: ['w' as const],
      tolerance: 1e-7,
    })),
  ),
);

kernelSuite(
  'limit_sign',
  LENGTHS.map((count) => ({
    title: `${count} weights`,
    rows: 1,
    operands: { w: { data: noise(count, 6), misalign: 4 } },
    ints: { count },
    writes: ['w' as const],
    tolerance: 0,
  })),
);
