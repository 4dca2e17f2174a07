// noise.ts: uniform and normal numbers from the Philox words of base/random.ts. What is done with them stands elsewhere.
import { fma, scratchOf } from "./abi";
import { noise as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { log64 } from "./math";
import { drawWords, WINDOW } from "./philox";

export function noise(d: usize, b: usize, from: i32, to: i32): void {
  const L = args.L(d), words = scratchOf(b), normal = args.normal(d) != 0;
  const low = f32x4.splat(args.low(d)), high = f32x4.splat(args.high(d));
  for (let image = from; image < to; image++) {
    let y = args.y(d, b) + (<usize>(image * L) << 2);
    for (let first = 0; first < L; first += WINDOW) {
      const count = min(WINDOW, L - first);
      drawWords(words, b, image, args.site(d), first, count);
      for (let i = 0; i < count; i += 4) {
        const bits = i32x4.shr_u(v128.load(words + (<usize>i << 2)), 8); // 24 of them
        const value = normal ? fma(high, normalOf(bits), low) : fma(f32x4.sub(high, low), unitOf(bits), low);
        storeUpTo(y, value, count - i);
        y += 16;
      }
    }
  }
}

/** In [0, 1), exactly. */
// @ts-ignore: decorator
@inline
function unitOf(bits: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(5.9604644775390625e-8));
}

/**
 * The normal quantile of (bits + 1/2) / 2^24 within 2e-6: sqrt 2 times the inverse of erf, by the polynomials of M. Giles, "Approximating
 * the erfinv function", GPU Computing Gems, 2011.
 */
function normalOf(bits: v128): v128 {
  // 2 (bits + 1/2) / 2^24 - 1: an odd number of 24 bits at most, so exact
  const odd = i32x4.sub(i32x4.add(i32x4.shl(bits, 1), i32x4.splat(1)), i32x4.splat(1 << 24));
  const x = f32x4.mul(f32x4.convert_i32x4_s(odd), f32x4.splat(5.9604644775390625e-8)), one = f32x4.splat(1);
  const w = f32x4.neg(log(f32x4.mul(f32x4.sub(one, x), f32x4.add(one, x))));
  const near = f32x4.sub(w, f32x4.splat(2.5)), far = f32x4.sub(f32x4.sqrt(w), f32x4.splat(3));
  const tail = f32x4.ge(w, f32x4.splat(5)), t = v128.bitselect(far, near, tail);
  let p = term(f32x4.splat(0), t, tail, 2.81022636e-08, -0.000200214257);
  p = term(p, t, tail, 3.43273939e-07, 0.000100950558);
  p = term(p, t, tail, -3.5233877e-06, 0.00134934322);
  p = term(p, t, tail, -4.39150654e-06, -0.00367342844);
  p = term(p, t, tail, 0.00021858087, 0.00573950773);
  p = term(p, t, tail, -0.00125372503, -0.0076224613);
  p = term(p, t, tail, -0.00417768164, 0.00943887047);
  p = term(p, t, tail, 0.246640727, 1.00167406);
  p = term(p, t, tail, 1.50140941, 2.83297682);
  return f32x4.mul(f32x4.mul(p, x), f32x4.splat(1.4142135623730951));
}

/** p t + the coefficient of the half that a lane lies in. */
// @ts-ignore: decorator
@inline
function term(p: v128, t: v128, tail: v128, near: f32, far: f32): v128 {
  return fma(p, t, v128.bitselect(f32x4.splat(far), f32x4.splat(near), tail));
}

/** Of four positive floats. */
// @ts-ignore: decorator
@inline
function log(x: v128): v128 {
  const low = f32x4.demote_f64x2_zero(log64(f64x2.promote_low_f32x4(x)));
  const high = f32x4.demote_f64x2_zero(log64(f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1))));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}
