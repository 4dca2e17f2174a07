// lamb.ts: LAMB as Keras computes it, in two passes: moments and the squares of both norms, then the step, when its ratio is known.
import { fma, scratchOf } from "./abi";
import { lamb as args, lamb_moments as momentArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { RATIO } from "./norms";
import { BLOCK, gradients, SPARE, TILE } from "./reduce";
import { squareSum } from "./squares";
import { decayOf, firstMoment, inverseOf, secondMoment } from "./update";

/** What both passes take for Adam's step: m c1 / (sqrt(v c2) + eps). */
// @ts-ignore: decorator
@inline
function stepOf(m: v128, v: v128, c: usize, epsilon: v128): v128 {
  const size = f32x4.add(f32x4.sqrt(f32x4.mul(v, v128.load32_splat(c, 12))), epsilon);
  return f32x4.div(f32x4.mul(m, v128.load32_splat(c, 8)), size);
}

export function lamb_moments(d: usize, b: usize, from: i32, to: i32): void {
  const count = momentArgs.count(d), c = momentArgs.scalars(d, b), one = f32x4.splat(1);
  const inverse = inverseOf(c), decay = decayOf(c, momentArgs.weightDecay(d)), epsilon = f32x4.splat(momentArgs.epsilon(d));
  const share1 = f32x4.splat(momentArgs.oneMinusBeta1(d)), share2 = f32x4.splat(momentArgs.oneMinusBeta2(d));
  const decayed = scratchOf(b) + SPARE, steps = decayed + (<usize>BLOCK << 2);
  for (let tile = from; tile < to; tile++) {
    const end = min((tile + 1) * TILE, count);
    let w: f64 = 0, u: f64 = 0;
    for (let i = tile * TILE; i < end; i += BLOCK) {
      const at = <usize>i << 2, n = min(BLOCK, end - i), g = gradients(b, c, <usize>momentArgs.partAt(d) + at, n);
      const p = momentArgs.p(d, b) + at, m = momentArgs.m(d, b) + at, v = momentArgs.v(d, b) + at;
      const nextM = momentArgs.nextM(d, b) + at, nextV = momentArgs.nextV(d, b) + at;
      for (let j = 0; j < n; j += 4) {
        const place = <usize>j << 2, gradient = f32x4.mul(v128.load(g + place), inverse), old = v128.load(p + place);
        const first = firstMoment(v128.load(m + place), gradient, share1);
        const second = secondMoment(v128.load(v + place), gradient, share2);
        storeUpTo(nextM + place, first, n - j);
        storeUpTo(nextV + place, second, n - j);
        v128.store(decayed + place, fma(decay, old, old));
        v128.store(steps + place, stepOf(first, second, c, epsilon));
      }
      w += squareSum(decayed, one, n);
      u += squareSum(steps, one, n);
    }
    store<f64>(momentArgs.wSquares(d, b) + (<usize>tile << 3), w);
    store<f64>(momentArgs.uSquares(d, b) + (<usize>tile << 3), u);
  }
}

export function lamb(d: usize, b: usize, from: i32, to: i32): void {
  const c = args.scalars(d, b), decay = decayOf(c, args.weightDecay(d)), epsilon = f32x4.splat(args.epsilon(d));
  const rate = f32x4.neg(f32x4.mul(v128.load32_splat(c, 4), v128.load32_splat(c, RATIO)));
  const p = args.p(d, b), nextP = args.nextP(d, b), m = args.m(d, b), v = args.v(d, b), end = min(to * TILE, args.count(d));
  for (let i = from * TILE; i < end; i += 4) {
    const at = <usize>i << 2, old = v128.load(p + at);
    const step = stepOf(v128.load(m + at), v128.load(v + at), c, epsilon);
    storeUpTo(nextP + at, fma(rate, step, fma(decay, old, old)), end - i);
  }
}
