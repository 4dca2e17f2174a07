// softmax.test.ts: softmax, and its logarithm, as layers. Its fusion with a loss: losses.test.ts.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const WIDTHS = [1, 3, 4, 5, 10, 15, 16, 17, 33];

const forward = (C: number, rows: number, m: number, change: (x: Float32Array) => void = () => {}) => {
  const x = noise(rows * m * (C + 2), C).map((value) => 8 * value);
  change(x);
  return {
    title: `${rows} x ${m} rows of ${C}`,
    rows,
    operands: { x: { data: x, misalign: 4 }, y: { data: zeros(rows * m * (C + 1)), misalign: 8 } },
    ints: { m, C, ldx: C + 2, ldy: C + 1 },
    writes: ['y'],
    tolerance: 5e-7,
  } satisfies KernelCase<'softmax'>;
};

for (const kernel of ['softmax', 'log_softmax'] as const)
  kernelSuite(kernel, [
    ...WIDTHS.map((C) => forward(C, 3, 1)),
    forward(5, 17, 3),
    { ...forward(6, 2, 1, (x) => x.set([Number.NaN], 3)), title: 'a NaN among the first row' },
    { ...forward(6, 2, 1, (x) => x.fill(-Infinity, 1, 5)), title: 'infinitely small logits' },
    { ...forward(6, 2, 1, (x) => x.set([Infinity], 2)), title: 'an infinite logit' },
    { ...forward(3, 2, 1, (x) => x.set([3e38, -3e38, 1])), title: 'logits near the largest float' },
  ]);

for (const kernel of ['softmax_backward', 'log_softmax_backward'] as const)
  kernelSuite(
    kernel,
    [...WIDTHS.map((C) => [C, 3, 1] as const), [5, 17, 3] as const].map(([C, rows, m]) => ({
      title: `${rows} x ${m} rows of ${C}`,
      rows,
      operands: {
        dy: { data: noise(rows * m * (C + 1), 1), misalign: 4 },
        y: { data: noise(rows * m * (C + 2), 2).map(Math.abs), misalign: 8 },
        dx: { data: zeros(rows * m * C), misalign: 12 },
      },
      ints: { m, C, lddy: C + 1, ldy: C + 2, lddx: C },
      writes: ['dx'],
      tolerance: 1e-6,
    })),
  );

describe('softmax', () => {
  it('gives rows that sum to 1 within 1e-6', () => {
    for (const C of [10, 1000]) {
      const y = Array.from(outputsOf('softmax', forward(C, 8, 1)).get('y')!);
      for (let row = 0; row < 8; row++) {
        const sum = y.slice(row * (C + 1), row * (C + 1) + C).reduce((total, p) => total + p, 0);
        assert.ok(Math.abs(sum - 1) <= 1e-6);
      }
    }
  });
});
