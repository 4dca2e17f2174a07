// halves.test.ts: rounding to half precision: against its twin, and against what binary16 is, for every half and what lies between.
import assert from 'node:assert/strict';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

const given = (title: string, data: Float32Array, siblings = 0): KernelCase<'round_f16'> => ({
  title,
  rows: 1,
  operands: {
    values: { data, ladder: Array.from({ length: siblings }, (_, i) => noise(data.length, 20 + i)) },
  },
  ints: { count: data.length },
  writes: ['values'],
  tolerance: 0,
});
const spread = (length: number): Float32Array => noise(length, length).map((x, i) => x * 2 ** ((i % 45) - 28));
const odd = Float32Array.of(0, -0, NaN, Infinity, -Infinity, 65504, 65520, -65519.996, 1e38, 2 ** -25, 1e-45);

kernelSuite('round_f16', [
  ...[1, 3, 4, 5, 4095, 4096, 4097, 9000].flatMap((length) =>
    [0, 1, 3].map((siblings) => given(`${length} values, ${siblings} siblings`, spread(length), siblings)),
  ),
  given('zeros, NaN, infinities and numbers out of range', odd),
]);

/** The half whose 15 low bits are `bits`, by the definition: exponent biased by 15, ten bits of fraction. */
function halfOf(bits: number): number {
  const [exponent, fraction] = [bits >> 10, bits & 1023];
  if (exponent === 0) return fraction * 2 ** -24;
  return exponent === 31 ? (fraction === 0 ? Infinity : NaN) : (1024 + fraction) * 2 ** (exponent - 25);
}

const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, 0, values.length);
/** The float after or before x > 0. */
const beside = (x: number, by: number): number => {
  const floats = Float32Array.of(x);
  bitsOf(floats)[0]! += by;
  return floats[0]!;
};

describe('round_f16, in both builds', () => {
  const rounded = (values: Float32Array): Uint32Array[] =>
    (['simd', 'relaxed'] as const).map((build) =>
      bitsOf(outputsOf('round_f16', given('', values), build).get('values') as Float32Array),
    );

  it('leaves all 65,536 halves as they are, and makes one NaN of the 2,046', () => {
    const halves = Float32Array.from({ length: 65_536 }, (_, i) => halfOf(i & 0x7fff) * (i < 0x8000 ? 1 : -1));
    const expected = bitsOf(halves.map((x) => x)).map((bits, i) => (Number.isNaN(halves[i]!) ? 0x7fc00000 : bits));
    for (const actual of rounded(halves)) assert.deepEqual(actual, expected);
  });

  it('rounds every midpoint of two halves to the even one, and the floats beside it to the nearer', () => {
    const values: number[] = [];
    const expected: number[] = [];
    for (let i = 0; i < 0x7bff; i++) {
      const [low, high] = [halfOf(i), halfOf(i + 1)];
      const middle = (low + high) / 2;
      for (const sign of [1, -1]) {
        values.push(...[middle, beside(middle, -1), beside(middle, 1)].map((x) => sign * x));
        expected.push(...[i % 2 === 0 ? low : high, low, high].map((x) => sign * x));
      }
    }
    for (const actual of rounded(Float32Array.from(values)))
      assert.deepEqual(actual, bitsOf(Float32Array.from(expected)));
  });

  it('keeps what is finite finite: at most 65,504', () => {
    const values = Float32Array.of(65504, beside(65504, 1), 65519, 65520, 65536, 3.4e38, Infinity);
    const expected = Float32Array.of(...Array(6).fill(65504), Infinity);
    for (const sign of [1, -1])
      for (const actual of rounded(values.map((x) => sign * x)))
        assert.deepEqual(actual, bitsOf(expected.map((x) => sign * x)));
  });

  it('rounds before it adds a sibling', () => {
    const ladder = [Float32Array.of(1)];
    const c = {
      ...given('', zeros(1)),
      operands: { values: { data: Float32Array.of(1 + 2 ** -11 + 2 ** -20), ladder } },
    };
    assert.equal(outputsOf('round_f16', c).get('values')![0], 2 + 2 ** -10);
  });
});
