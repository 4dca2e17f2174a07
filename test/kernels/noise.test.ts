// noise.test.ts: drawn numbers against their twin, and what they look like in great numbers.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, outputsOf, zeros } from '../cases/kernel.ts';

const make = (L: number, normal: 0 | 1, low: number, high: number, rows = 2): KernelCase<'noise'> => ({
  title: `${L} ${normal ? 'normal' : 'uniform'} numbers of ${low} and ${high}`,
  rows,
  operands: { y: { data: zeros(rows * L), misalign: 4 } },
  ints: { L, normal, site: 5 },
  floats: { low, high },
  writes: ['y'],
  tolerance: 2e-6,
  step: 3,
  slot: 0xfffffffe,
  seed: [0x12345678, 0xfedcba98],
});

kernelSuite('noise', [
  ...[1, 3, 4, 17, 33].flatMap((L) => [make(L, 0, -2, 0.5), make(L, 1, 0.25, 0.5)]),
  make(2500, 1, 0, 1), // more than one window of words
]);

describe('noise', () => {
  it('is normal: 200,000 numbers have mean 0 within 0.01, variance 1 within 0.02, and 4.55 % beyond two deviations within 0.3', () => {
    const y = Array.from(outputsOf('noise', make(200_000, 1, 0, 1, 1)).get('y')!);
    const mean = y.reduce((all, v) => all + v, 0) / y.length;
    const variance = y.reduce((all, v) => all + (v - mean) ** 2, 0) / y.length;
    assert.ok(Math.abs(mean) < 0.01);
    assert.ok(Math.abs(variance - 1) < 0.02);
    assert.ok(Math.abs((100 * y.filter((v) => Math.abs(v) > 2).length) / y.length - 4.55) < 0.3);
  });
});
