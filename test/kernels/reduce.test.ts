// reduce.test.ts: sums: the bias gradient, the ladder of left siblings, reduce programs.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 33];

interface Bias {
  readonly rows?: number;
  readonly H?: number;
  readonly W?: number;
  readonly siblings?: number;
  readonly change?: (dy: Float32Array) => void;
}

const bias = (C: number, { rows = 3, H = 2, W = 5, siblings = 0, change }: Bias = {}): KernelCase<'bias_gradient'> => {
  const dyRow = W * C + 2;
  const dyImage = H * dyRow + 3;
  const dy = noise(rows * dyImage, C);
  change?.(dy);
  const ladder = Array.from({ length: siblings }, (_, i) => noise(C, 10 + i));
  return {
    title: `${rows} images of ${H} x ${W} x ${C}, ${siblings} siblings`,
    rows,
    operands: { dy: { data: dy, misalign: 4 }, out: { data: zeros(C), ladder } },
    ints: { H, W, C, dyImage, dyRow },
    writes: ['out'],
    tolerance: 3e-7,
  };
};

kernelSuite('bias_gradient', [
  ...LENGTHS.map((C) => bias(C)),
  ...LENGTHS.map((C) => bias(C, { rows: 5, H: 1, W: 1, siblings: 3 })),
  bias(16, { W: 4, siblings: 1 }),
  bias(20, { rows: 1, siblings: 2 }),
  { ...bias(6, { change: (dy) => dy.set([Number.NaN, 1, Infinity, -Infinity]) }), title: 'NaN and infinities' },
]);

const doubles = (length: number, seed: number) => Float64Array.from(noise(length, seed), (x) => x * Math.PI);

kernelSuite(
  'ladder_f64',
  [0, 1, 2, 3].flatMap((siblings) =>
    [1, 2, 5].map((count) => ({
      title: `${count} values, ${siblings} siblings`,
      rows: 1,
      operands: {
        values: {
          data: doubles(count, 1),
          ladder: Array.from({ length: siblings }, (_, i) => doubles(count, i + 2)),
        },
      },
      ints: { count },
      writes: ['values' as const],
      tolerance: 0,
    })),
  ),
);

kernelSuite(
  'accumulate',
  [1, 3, 4, 5, 4095, 4097].flatMap((count) =>
    [0, 1, 3].map((siblings) => ({
      title: `${count} values, ${siblings} siblings`,
      rows: 1,
      operands: {
        part: { data: noise(count, 1), misalign: 4 },
        out: { data: noise(count, 2), ladder: Array.from({ length: siblings }, (_, i) => noise(count, i + 3)) },
      },
      ints: { count },
      writes: ['out' as const],
      tolerance: 0,
    })),
  ),
);

kernelSuite(
  'weigh_f64',
  [1, 2, 5].map((count) => ({
    title: `${count} values`,
    rows: 1,
    operands: {
      values: { data: doubles(count, 1) },
      weights: { data: noise(count, 2), misalign: 4 },
      sum: { data: new Float64Array(1) },
    },
    ints: { count },
    writes: ['sum' as const],
    tolerance: 0,
  })),
);

/** Reduce programs of 1, 2, 3 and 5 parts of `length` values: left + right in several shapes. */
const programs = <D extends Float32Array | Float64Array>(
  part: (seed: number) => D,
): readonly (readonly (D | '+')[])[] => {
  const [a, b, c, d, e] = [1, 2, 3, 4, 5].map(part) as [D, D, D, D, D];
  return [[a], [a, b, '+'], [a, b, '+', c, '+'], [a, b, c, '+', '+'], [a, b, '+', c, d, '+', '+', e, '+']];
};
const parts = (program: readonly unknown[]) => `${(program.length + 1) / 2} parts`;

kernelSuite(
  'reduce_f64',
  programs((seed) => doubles(9, seed)).map((reduce) => ({
    title: `7 values of ${parts(reduce)}`,
    rows: 1,
    operands: { out: { data: new Float64Array(7) } },
    ints: { partAt: 16, count: 7 },
    writes: ['out'],
    tolerance: 0,
    reduce,
  })),
);

kernelSuite(
  'reduce_f32',
  [...LENGTHS, 1024, 1025, 4095, 4096, 4097, 13_000].flatMap((count) =>
    programs((seed) => noise(count + 2, seed)).map((reduce) => ({
      title: `${count} values of ${parts(reduce)}`,
      rows: 1,
      operands: { out: { data: zeros(count), misalign: 4 } },
      ints: { partAt: 8, count },
      writes: ['out' as const],
      tolerance: 0,
      reduce,
    })),
  ),
);

describe('bias_gradient', () => {
  it('is within 2e-7 of the sum in doubles over 100,000 pixels', () => {
    const c = bias(4, { rows: 40, H: 50, W: 50 });
    const dy = c.operands.dy.data.map(Math.abs) as Float32Array;
    const out = outputsOf('bias_gradient', { ...c, operands: { ...c.operands, dy: { data: dy } } }).get('out')!;
    const { dyImage, dyRow } = c.ints;
    for (let channel = 0; channel < 4; channel++) {
      let sum = 0;
      for (let image = 0; image < 40; image++)
        for (let pixel = 0; pixel < 2500; pixel++)
          sum += dy[image * dyImage + Math.floor(pixel / 50) * dyRow + (pixel % 50) * 4 + channel]!;
      assert.ok(Math.abs(out[channel]! / sum - 1) <= 2e-7);
    }
  });
});
