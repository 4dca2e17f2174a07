// scalar.ts: exp, log, pow, sine and cosine from + - * / alone, so that every engine gives the same bits (Math.* does not). Not
// for arrays: kernels have polynomials of their own.

const LN2_HIGH = 0x162e42fee00000 * 2 ** -53; // ln 2 to 32 bits: a product with an exponent is exact
const LN2_LOW = 1.9082149292705877e-10; // ln 2 - LN2_HIGH
const bits = new DataView(new ArrayBuffer(8));

/** 2^k for -1022 <= k <= 1023, by its bits: `**` is a library function too. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** sum of coefficients[i] x^i */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

/** sign^i / (from + step i)!: the Taylor series of exp, cosine and sine. */
function taylor(terms: number, from: number, step: number, sign: number): readonly number[] {
  const result: number[] = [];
  let factorial = 1;
  let n = 1;
  for (let i = 0, s = 1; i < terms; i++, s *= sign) {
    for (; n <= from + step * i; n++) factorial *= n;
    result.push(s / factorial);
  }
  return result;
}

const EXP = taylor(15, 0, 1, 1); // remainder at ln2 / 2: 1e-19
const COSINE = taylor(10, 0, 2, -1); // of pi / 4: 4e-21
const SINE = taylor(10, 1, 2, -1);
const ATANH = Array.from({ length: 13 }, (_, i) => 1 / (2 * i + 1)); // in squares of at most 0.0295

/** e^x. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.79) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const k = Math.round(x * Math.LOG2E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  const half = k >> 1; // two factors: 2^k itself may overflow or be subnormal
  return polynomial(r, EXP) * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Natural logarithm; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x < 2.2250738585072014e-308) return log(x * powerOfTwo(60)) - 60 * LN2_HIGH - 60 * LN2_LOW;
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let e = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m *= 0.5;
    e += 1;
  }
  const f = (m - 1) / (m + 1);
  return e * LN2_HIGH + (2 * f * polynomial(f * f, ATANH) + e * LN2_LOW);
}

/** x^y for x >= 0, NaN below. Its relative error grows as |y log x|: some 1e-16 for each e-fold. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (x === 0) return y > 0 ? 0 : y < 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  return exp(y * log(x));
}

/** [cosine, sine] of `turns` whole turns (2 pi radians each): in turns the reduction to an octant is exact. */
export function cosineSine(turns: number): readonly [number, number] {
  const t = turns - Math.floor(turns);
  const quarter = Math.round(4 * t);
  const angle = (t - quarter / 4) * 6.283185307179586; // at most pi / 4
  const c = polynomial(angle * angle, COSINE);
  const s = angle * polynomial(angle * angle, SINE);
  switch (quarter & 3) {
    case 0:
      return [c, s];
    case 1:
      return [-s, c];
    case 2:
      return [-c, -s];
    default:
      return [s, -c];
  }
}
