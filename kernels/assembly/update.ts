// update.ts: walks a tensor and updates it: what optimizers of one to three slots share. No optimizer.
//
// A rule is a class of inlined methods. `d` is the call's descriptor, `c` the step's scalars: rules read their numbers there. g is the
// gradient, q the decayed parameter, a slot's old value is named as in the rule, its next one comes from the method for it:
//
//   first(d, c, g, s)   second(d, c, g, t, s')   third(d, c, g, u, s', t')   next(d, c, q, g, last slot's old value, s', t', u')
import { fma } from "./abi";
import { storeUpTo } from "./lanes";
import { BLOCK, gradients, TILE } from "./reduce";

/** 1 / scalars[0]: one division for all. */
// @ts-ignore: decorator
@inline
export function inverseOf(c: usize): v128 {
  return f32x4.div(f32x4.splat(1), v128.load32_splat(c));
}

/** -rate weightDecay: what a parameter's multiple is added to it. */
// @ts-ignore: decorator
@inline
export function decayOf(c: usize, weightDecay: f32): v128 {
  return f32x4.mul(f32x4.neg(v128.load32_splat(c, 4)), f32x4.splat(weightDecay));
}

/** m + (g - m)(1 - b1) */
// @ts-ignore: decorator
@inline
export function firstMoment(m: v128, g: v128, share: v128): v128 {
  return fma(f32x4.sub(g, m), share, m);
}

/** v + (g^2 - v)(1 - b2) */
// @ts-ignore: decorator
@inline
export function secondMoment(v: v128, g: v128, share: v128): v128 {
  return fma(f32x4.sub(f32x4.mul(g, g), v), share, v);
}

export function update1<F>(
  d: usize, b: usize, from: i32, to: i32, count: i32, partAt: usize, c: usize, weightDecay: f32,
  p: usize, nextP: usize, s: usize, nextS: usize,
): void {
  const f = changetype<F>(0), end = min(to * TILE, count), inverse = inverseOf(c), decay = decayOf(c, weightDecay);
  for (let i = from * TILE; i < end; i += BLOCK) {
    let at = <usize>i << 2, n = min(BLOCK, end - i), g = gradients(b, c, partAt + at, n);
    for (; n >= 8; n -= 8) {
      const p0 = v128.load(p + at), p1 = v128.load(p + at, 16), s0 = v128.load(s + at), s1 = v128.load(s + at, 16);
      const g0 = f32x4.mul(v128.load(g), inverse), g1 = f32x4.mul(v128.load(g, 16), inverse);
      // @ts-ignore: F is a class with these methods
      const t0 = f.first(d, c, g0, s0), t1 = f.first(d, c, g1, s1);
      // @ts-ignore: as above
      const q0 = f.next(d, c, fma(decay, p0, p0), g0, s0, t0), q1 = f.next(d, c, fma(decay, p1, p1), g1, s1, t1);
      v128.store(nextS + at, t0);
      v128.store(nextS + at, t1, 16);
      v128.store(nextP + at, q0);
      v128.store(nextP + at, q1, 16);
      at += 32;
      g += 32;
    }
    for (; n > 0; n -= 4) {
      const p0 = v128.load(p + at), s0 = v128.load(s + at), g0 = f32x4.mul(v128.load(g), inverse);
      // @ts-ignore: as above
      const t0 = f.first(d, c, g0, s0), q0 = f.next(d, c, fma(decay, p0, p0), g0, s0, t0);
      storeUpTo(nextS + at, t0, n);
      storeUpTo(nextP + at, q0, n);
      at += 16;
      g += 16;
    }
  }
}

export function update2<F>(
  d: usize, b: usize, from: i32, to: i32, count: i32, partAt: usize, c: usize, weightDecay: f32,
  p: usize, nextP: usize, s: usize, nextS: usize, t: usize, nextT: usize,
): void {
  const f = changetype<F>(0), end = min(to * TILE, count), inverse = inverseOf(c), decay = decayOf(c, weightDecay);
  for (let i = from * TILE; i < end; i += BLOCK) {
    let at = <usize>i << 2, n = min(BLOCK, end - i), g = gradients(b, c, partAt + at, n);
    for (; n >= 8; n -= 8) {
      const p0 = v128.load(p + at), p1 = v128.load(p + at, 16), s0 = v128.load(s + at), s1 = v128.load(s + at, 16);
      const t0 = v128.load(t + at), t1 = v128.load(t + at, 16);
      const g0 = f32x4.mul(v128.load(g), inverse), g1 = f32x4.mul(v128.load(g, 16), inverse);
      // @ts-ignore: F is a class with these methods
      const a0 = f.first(d, c, g0, s0), a1 = f.first(d, c, g1, s1);
      // @ts-ignore: as above
      const b0 = f.second(d, c, g0, t0, a0), b1 = f.second(d, c, g1, t1, a1);
      const r0 = fma(decay, p0, p0), r1 = fma(decay, p1, p1);
      // @ts-ignore: as above
      const q0 = f.next(d, c, r0, g0, t0, a0, b0), q1 = f.next(d, c, r1, g1, t1, a1, b1);
      v128.store(nextS + at, a0);
      v128.store(nextS + at, a1, 16);
      v128.store(nextT + at, b0);
      v128.store(nextT + at, b1, 16);
      v128.store(nextP + at, q0);
      v128.store(nextP + at, q1, 16);
      at += 32;
      g += 32;
    }
    for (; n > 0; n -= 4) {
      const p0 = v128.load(p + at), t0 = v128.load(t + at), g0 = f32x4.mul(v128.load(g), inverse);
      // @ts-ignore: as above
      const a0 = f.first(d, c, g0, v128.load(s + at)), b0 = f.second(d, c, g0, t0, a0);
      // @ts-ignore: as above
      const q0 = f.next(d, c, fma(decay, p0, p0), g0, t0, a0, b0);
      storeUpTo(nextS + at, a0, n);
      storeUpTo(nextT + at, b0, n);
      storeUpTo(nextP + at, q0, n);
      at += 16;
      g += 16;
    }
  }
}

export function update3<F>(
  d: usize, b: usize, from: i32, to: i32, count: i32, partAt: usize, c: usize, weightDecay: f32,
  p: usize, nextP: usize, s: usize, nextS: usize, t: usize, nextT: usize, u: usize, nextU: usize,
): void {
  const f = changetype<F>(0), end = min(to * TILE, count), inverse = inverseOf(c), decay = decayOf(c, weightDecay);
  for (let i = from * TILE; i < end; i += BLOCK) {
    let at = <usize>i << 2, n = min(BLOCK, end - i), g = gradients(b, c, partAt + at, n);
    for (; n >= 8; n -= 8) {
      const p0 = v128.load(p + at), p1 = v128.load(p + at, 16), s0 = v128.load(s + at), s1 = v128.load(s + at, 16);
      const t0 = v128.load(t + at), t1 = v128.load(t + at, 16), u0 = v128.load(u + at), u1 = v128.load(u + at, 16);
      const g0 = f32x4.mul(v128.load(g), inverse), g1 = f32x4.mul(v128.load(g, 16), inverse);
      // @ts-ignore: F is a class with these methods
      const a0 = f.first(d, c, g0, s0), a1 = f.first(d, c, g1, s1);
      // @ts-ignore: as above
      const b0 = f.second(d, c, g0, t0, a0), b1 = f.second(d, c, g1, t1, a1);
      // @ts-ignore: as above
      const e0 = f.third(d, c, g0, u0, a0, b0), e1 = f.third(d, c, g1, u1, a1, b1);
      const r0 = fma(decay, p0, p0), r1 = fma(decay, p1, p1);
      // @ts-ignore: as above
      const q0 = f.next(d, c, r0, g0, u0, a0, b0, e0), q1 = f.next(d, c, r1, g1, u1, a1, b1, e1);
      v128.store(nextS + at, a0);
      v128.store(nextS + at, a1, 16);
      v128.store(nextT + at, b0);
      v128.store(nextT + at, b1, 16);
      v128.store(nextU + at, e0);
      v128.store(nextU + at, e1, 16);
      v128.store(nextP + at, q0);
      v128.store(nextP + at, q1, 16);
      at += 32;
      g += 32;
    }
    for (; n > 0; n -= 4) {
      const p0 = v128.load(p + at), u0 = v128.load(u + at), g0 = f32x4.mul(v128.load(g), inverse);
      // @ts-ignore: as above
      const a0 = f.first(d, c, g0, v128.load(s + at)), b0 = f.second(d, c, g0, v128.load(t + at), a0);
      // @ts-ignore: as above
      const e0 = f.third(d, c, g0, u0, a0, b0), q0 = f.next(d, c, fma(decay, p0, p0), g0, u0, a0, b0, e0);
      storeUpTo(nextS + at, a0, n);
      storeUpTo(nextT + at, b0, n);
      storeUpTo(nextU + at, e0, n);
      storeUpTo(nextP + at, q0, n);
      at += 16;
      g += 16;
    }
  }
}
