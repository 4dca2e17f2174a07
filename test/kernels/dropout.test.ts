// dropout.test.ts: dropout, and through it the Philox words of the kernels.
import assert from 'node:assert/strict';
import { draws, unit } from '../../base/random.ts';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const make = (H: number, L: number, rows: number, halo: number, rate: number): KernelCase<'dropout'> => {
  const view = { xImage: H * (L + halo), xRow: L + halo, yImage: H * (L + halo), yRow: L + halo };
  return {
    title: `${rows} images of ${H} rows of ${L}, rate ${rate}`,
    rows,
    operands: {
      x: { data: noise(rows * view.xImage), misalign: 4 },
      y: { data: zeros(rows * view.yImage), misalign: halo },
    },
    ints: { H, L, ...view, site: 7 },
    floats: { rate },
    writes: ['y'],
    tolerance: 0,
    step: 0x89abcdef,
    slot: 0xfffffffe,
    seed: [0x12345678, 0xfedcba98],
  };
};

kernelSuite('dropout', [
  ...[1, 3, 4, 5, 15, 16, 17, 33].flatMap((L) => [make(1, L, 2, 0, 0.5), make(3, L, 2, 4, 0.25)]),
  make(1, 5000, 2, 0, 0.1), // more than one window of words
  make(7, 701, 1, 4, 0.9),
  make(2, 9, 1, 0, 0),
]);

describe('dropout', () => {
  it('keeps exactly the elements whose word of base/random.ts, as a unit, is at least the rate', () => {
    const rows = 3;
    const L = 4099;
    for (const rate of [0.1, 0.25, 0.5, 0.8]) {
      const x = new Float32Array(rows * L).fill(1);
      const c = make(1, L, rows, 0, rate);
      const y = outputsOf('dropout', { ...c, slot: 40, operands: { ...c.operands, x: { data: x } } }).get('y')!;
      for (let row = 0; row < rows; row++) {
        const draw = draws(c.seed!, 40 + row, 7, c.step!);
        for (let i = 0; i < L; i++) assert.equal(y[row * L + i] !== 0, unit(draw(i)) >= Math.fround(rate));
      }
    }
  });

  it('keeps the mean of ones within 2 % at rate 0.3', () => {
    const L = 100_000;
    const c = make(1, L, 1, 0, 0.3);
    const x = { data: new Float32Array(L).fill(1) };
    const y = outputsOf('dropout', { ...c, operands: { ...c.operands, x } }).get('y')!;
    const mean = Array.from(y).reduce((total, value) => total + value, 0) / L;
    assert.ok(Math.abs(mean - 1) < 0.02);
  });

  it('gives 0, not NaN, where an infinite or NaN element is dropped', () => {
    const c = make(1, 64, 1, 0, 0.5);
    const x = { data: new Float32Array(64).fill(Infinity) };
    const y = outputsOf('dropout', { ...c, operands: { ...c.operands, x } }).get('y')!;
    assert.ok(y.every((value: number) => value === 0 || value === Infinity));
  });
});
