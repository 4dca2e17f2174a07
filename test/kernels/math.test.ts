// math.test.ts: exp, log, the normal distribution, sigmoid and tanh of the kernels against Math's, element by element. Their place in views: views.test.ts.
import assert from 'node:assert/strict';
import { normalBelow } from '../../kernels/reference/normal.ts';
import { outputsOf, zeros } from '../cases/kernel.ts';

const BUILDS = ['simd', 'relaxed'] as const;

/** Largest |actual - expected| / |expected| of a map of f32 values; expected values below `floor` count as that. */
function worst(actual: ArrayLike<number>, x: Float32Array, expected: (x: number) => number, floor = 2 ** -126): number {
  let error = 0;
  x.forEach((value, i) => {
    const e = expected(value);
    error = Math.max(error, Math.abs(actual[i]! - e) / Math.max(Math.abs(e), floor));
  });
  return error;
}

const range = (from: number, to: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

type Mapped = 'sigmoid' | 'tanh' | 'exponential' | 'elu' | 'softplus' | 'gelu';
const mapped = (kernel: Mapped, x: Float32Array, build: 'simd' | 'relaxed', floats = {}) => {
  const L = x.length;
  const operands = { x: { data: x }, y: { data: zeros(L) } };
  const ints = { H: 1, L, xImage: L, xRow: L, yImage: L, yRow: L };
  const c = { title: '', rows: 1, operands, ints, floats, writes: ['y'] as const, tolerance: 0 };
  return outputsOf(kernel as 'relu', c, build).get('y')!;
};

/** exp(x - 0), seen through softmax over (0, x) for x <= 0: the quotient of its two outputs. */
const exponentials = (x: Float32Array, build: 'simd' | 'relaxed') => {
  const pairs = new Float32Array(2 * x.length).map((_, i) => (i % 2 ? x[i >> 1]! : 0));
  const operands = { x: { data: pairs }, y: { data: zeros(pairs.length) } };
  const ints = { m: 1, C: 2, ldx: 2, ldy: 2 };
  const c = { title: '', rows: x.length, operands, ints, writes: ['y'] as const, tolerance: 0 };
  const y = outputsOf('softmax', c, build).get('y')!;
  return x.map((_, i) => y[2 * i + 1]! / y[2 * i]!);
};

describe('functions of the kernels', () => {
  for (const build of BUILDS) {
    it(`${build}: exp is within 3e-7 of Math.exp from -87 to 0, quotient's rounding included`, () => {
      const x = range(-87, 0, 100_001);
      assert.ok(worst(exponentials(x, build), x, Math.exp) <= 3e-7);
    });

    it(`${build}: sigmoid is within 3e-7 from -87 to 30, and 0 or 1 beyond`, () => {
      const x = range(-87, 30, 100_001);
      assert.ok(worst(mapped('sigmoid', x, build), x, (v) => 1 / (1 + Math.exp(-v))) <= 3e-7);
      const ends = mapped('sigmoid', Float32Array.of(-Infinity, -3e38, -120, 120, 3e38, Infinity, Number.NaN), build);
      assert.deepEqual([...ends], [0, 0, 0, 1, 1, 1, Number.NaN]);
    });

    it(`${build}: tanh is within 3e-7 from -10 to 10 and near 0, and -1 or 1 beyond`, () => {
      for (const x of [range(-10, 10, 100_001), range(-1e-3, 1e-3, 10_001), range(0.62, 0.63, 10_001)])
        assert.ok(worst(mapped('tanh', x, build), x, Math.tanh) <= 3e-7);
      const ends = mapped('tanh', Float32Array.of(-Infinity, -3e38, -100, 0, 100, 3e38, Infinity, Number.NaN), build);
      assert.deepEqual([...ends], [-1, -1, -1, 0, 1, 1, 1, Number.NaN]);
    });

    it(`${build}: exp is within 2e-7 of Math.exp from -87 to 88, and exp - 1 within 3e-7 of Math.expm1 below 0`, () => {
      const x = range(-87, 88, 100_001);
      assert.ok(worst(mapped('exponential', x, build), x, Math.exp) <= 2e-7);
      for (const low of [range(-87, 0, 100_001), range(-1, 0, 100_001), range(-1e-3, 0, 10_001)])
        assert.ok(worst(mapped('elu', low, build, { alpha: 1, scale: 1 }), low, Math.expm1) <= 3e-7);
    });

    it(`${build}: log(1 + exp(x)) is within 5e-7 from -87 to 100`, () => {
      const x = range(-87, 100, 100_001);
      const softplus = (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
      assert.ok(worst(mapped('softplus', x, build), x, softplus) <= 5e-7);
    });

    it(`${build}: x Phi(x) is within 1.5e-6 from -5 to 30, within 4e-6 from -9 on, and 0 or x beyond`, () => {
      const gelu = (v: number) => v * normalBelow(v);
      for (const [from, to, tolerance] of [
        [-5, 30, 1.5e-6],
        [-9, -5, 4e-6],
        [-1e-3, 1e-3, 1e-6],
      ] as const) {
        const x = range(from, to, 100_001);
        assert.ok(worst(mapped('gelu', x, build), x, gelu) <= tolerance, `${from} to ${to}`);
      }
      const ends = mapped('gelu', Float32Array.of(-3e38, -30, 0, 30, 3e38, Infinity, Number.NaN), build);
      assert.deepEqual([...ends], [-0, -0, 0, 30, Math.fround(3e38), Infinity, Number.NaN]);
    });
  }
});

describe('the normal distribution of the reference twins', () => {
  it('is within 1e-14 of tabulated values', () => {
    // Abramowitz and Stegun, table 26.1
    const table = [
      [0, 0.5],
      [1, 0.841344746068543],
      [2, 0.977249868051821],
      [2.9, 0.998134186699616],
      [3, 0.99865010196837],
      [-3.1, 0.000967603213218],
      [5, 0.999999713348428],
    ] as const;
    for (const [x, p] of table) assert.ok(Math.abs(normalBelow(x) - p) <= 1e-14, `${x}: ${normalBelow(x)}`);
  });
});
