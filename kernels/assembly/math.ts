// math.ts: exp, log(1 + x), the normal distribution, tanh and sigmoid of four floats, exp and log of two doubles. NaN passes. No memory is touched.
import { fma } from "./abi";

/**
 * exp(x) of four floats within 2e-7: x = n ln 2 + r, Taylor's polynomial of degree 7 in |r| <= ln 2 / 2 (error 5e-9).
 * inf above 88.73; below -87.3 results are denormal, below -104 zero.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  // a NaN fails both comparisons and stays: pmin(a, b) is b < a ? b : a
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-104));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  const value = f32x4.add(f32x4.splat(1), expm1Near(clamped, n));
  // 2^n in two factors: n reaches from -150 to 128, an exponent only from -126 to 127
  const power = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(power, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(power, half), i32x4.splat(127)), 23);
  return f32x4.mul(f32x4.mul(value, first), second);
}

/** exp(r) - 1 of r = x - n ln 2, by the polynomial above. */
// @ts-ignore: decorator
@inline
function expm1Near(x: v128, n: v128): v128 {
  // ln 2 in two parts, the first of 9 bits, so that its product with n is exact
  const r = fma(n, f32x4.splat(2.12194440e-4), f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))));
  let p = fma(r, f32x4.splat(1.0 / 5040), f32x4.splat(1.0 / 720));
  p = fma(p, r, f32x4.splat(1.0 / 120));
  p = fma(p, r, f32x4.splat(1.0 / 24));
  p = fma(p, r, f32x4.splat(1.0 / 6));
  p = fma(p, r, f32x4.splat(0.5));
  return fma(p, f32x4.mul(r, r), r);
}

/** exp(x) - 1 of four floats x <= 0, within 2e-7: 2^n (exp(r) - 1) + (2^n - 1). */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  const clamped = f32x4.pmax(x, f32x4.splat(-40)); // -1 from -17 on
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.add(f32x4.mul(power, expm1Near(clamped, n)), f32x4.sub(power, f32x4.splat(1)));
}

/** log(1 + u) of four floats, 0 <= u <= 1, within 3e-7: 2 atanh(u / (2 + u)), series of seven terms (error 2e-8). */
// @ts-ignore: decorator
@inline
export function log1p(u: v128): v128 {
  const s = f32x4.div(u, f32x4.add(f32x4.splat(2), u)), z = f32x4.mul(s, s);
  let p = fma(z, f32x4.splat(2.0 / 13), f32x4.splat(2.0 / 11));
  p = fma(p, z, f32x4.splat(2.0 / 9));
  p = fma(p, z, f32x4.splat(2.0 / 7));
  p = fma(p, z, f32x4.splat(2.0 / 5));
  p = fma(p, z, f32x4.splat(2.0 / 3));
  p = fma(p, z, f32x4.splat(2));
  return f32x4.mul(p, s);
}

/** exp(-x^2 / 2) of four floats. */
// @ts-ignore: decorator
@inline
export function bell(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

/**
 * Phi(x), the share of a normal distribution below x, of four floats, given bell(x); within 1e-6 from -5 up, 3e-6 from -9 up. Phi(-|x|) =
 * bell t P(t) / 2 with t = 1 / (1 + 0.4 |x| / sqrt 2): P is a minimax fit of exp(z^2) erfc(z) / t up to z = 9.5 (error 6e-8).
 */
// @ts-ignore: decorator
@inline
export function normalBelow(x: v128, bellOfX: v128): v128 {
  const t = f32x4.div(f32x4.splat(1), fma(f32x4.abs(x), f32x4.splat(0.282842712), f32x4.splat(1)));
  let p = fma(t, f32x4.splat(0.040267766784), f32x4.splat(-0.13547238908));
  p = fma(p, t, f32x4.splat(0.073844796078));
  p = fma(p, t, f32x4.splat(0.099726587264));
  p = fma(p, t, f32x4.splat(0.071510345703));
  p = fma(p, t, f32x4.splat(0.19696217293));
  p = fma(p, t, f32x4.splat(0.20095879758));
  p = fma(p, t, f32x4.splat(0.22657568048));
  p = fma(p, t, f32x4.splat(0.22562629985));
  const tail = f32x4.mul(f32x4.mul(f32x4.mul(bellOfX, t), p), f32x4.splat(0.5));
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)));
}

/** 1 / (1 + exp(-x)) of four floats within 3e-7. */
// @ts-ignore: decorator
@inline
export function sigmoidOf(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))));
}

/**
 * tanh(x) of four floats within 3e-7: below 0.625 an odd polynomial (coefficients of Cephes' tanhf, Moshier),
 * beyond it 1 - 2 / (exp(2 |x|) + 1).
 */
// @ts-ignore: decorator
@inline
export function tanhOf(x: v128): v128 {
  const size = f32x4.abs(x);
  const far = f32x4.sub(
    f32x4.splat(1),
    f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(size, size)), f32x4.splat(1))),
  );
  const z = f32x4.mul(x, x);
  let p = fma(z, f32x4.splat(-5.70498872745e-3), f32x4.splat(2.06390887954e-2));
  p = fma(p, z, f32x4.splat(-5.37397155531e-2));
  p = fma(p, z, f32x4.splat(1.33314422036e-1));
  p = fma(p, z, f32x4.splat(-3.33332819422e-1));
  const near = fma(f32x4.mul(p, z), x, x);
  const sign = v128.and(x, f32x4.splat(-0.0));
  return v128.bitselect(near, v128.or(far, sign), f32x4.lt(size, f32x4.splat(0.625)));
}

/** exp(x) of two doubles, x <= 0, within 1e-13 down to -700, where it stops: what is below is lost in any sum of f32 results. */
// @ts-ignore: decorator
@inline
export function exp64(x: v128): v128 {
  const clamped = f64x2.pmax(x, f64x2.splat(-700));
  // adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits
  const magic = f64x2.splat(6755399441055744);
  const shifted = f64x2.add(f64x2.mul(clamped, f64x2.splat(1.4426950408889634)), magic);
  const n = f64x2.sub(shifted, magic);
  let r = f64x2.sub(clamped, f64x2.mul(n, f64x2.splat(0.6931471803691238)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(1.9082149292705877e-10)));
  let p = f64x2.splat(1.0 / 39916800);
  p = step64(p, r, 1.0 / 3628800);
  p = step64(p, r, 1.0 / 362880);
  p = step64(p, r, 1.0 / 40320);
  p = step64(p, r, 1.0 / 5040);
  p = step64(p, r, 1.0 / 720);
  p = step64(p, r, 1.0 / 120);
  p = step64(p, r, 1.0 / 24);
  p = step64(p, r, 1.0 / 6);
  p = step64(p, r, 0.5);
  p = step64(p, r, 1);
  p = step64(p, r, 1);
  return f64x2.mul(p, i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52));
}

/** Natural logarithm of two positive, finite doubles within 1e-13: 2 atanh((m - 1) / (m + 1)) + k ln 2, m in [0.7, 1.42). */
// @ts-ignore: decorator
@inline
export function log64(x: v128): v128 {
  const k = i64x2.shr_s(i64x2.sub(x, i64x2.splat(0x3fe6a09e667f3bcd)), 52); // the bits of sqrt(1/2)
  const m = i64x2.sub(x, i64x2.shl(k, 52));
  const one = f64x2.splat(1);
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(1.0 / 17);
  p = step64(p, z, 1.0 / 15);
  p = step64(p, z, 1.0 / 13);
  p = step64(p, z, 1.0 / 11);
  p = step64(p, z, 1.0 / 9);
  p = step64(p, z, 1.0 / 7);
  p = step64(p, z, 1.0 / 5);
  p = step64(p, z, 1.0 / 3);
  p = step64(p, z, 1);
  const exponent = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(k, k, 0, 2, 0, 2));
  const log = f64x2.add(
    f64x2.mul(f64x2.add(s, s), p),
    f64x2.mul(exponent, f64x2.splat(0.6931471805599453)),
  );
  return v128.bitselect(log, x, f64x2.eq(x, x)); // NaN
}

/** One step of Horner's rule: p * x + c. */
// @ts-ignore: decorator
@inline
function step64(p: v128, x: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(p, x), f64x2.splat(c));
}
