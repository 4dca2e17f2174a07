// adam.ts: Adam as Keras computes it (epsilon-hat; the bias correction is in alpha), and AdamW where it decays.
import { fma } from "./abi";
import { adam as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { BLOCK, gradients, TILE } from "./reduce";
import { decayOf, firstMoment, secondMoment } from "./update";

export function adam(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, args.count(d)), scalars = args.scalars(d, b);
  // one division for all: dividing each gradient would be what takes the time
  const inverse = f32x4.div(f32x4.splat(1), v128.load32_splat(scalars)), alpha = f32x4.neg(v128.load32_splat(scalars, 8));
  const decay = decayOf(scalars, args.weightDecay(d)), epsilon = f32x4.splat(args.epsilon(d));
  const share1 = f32x4.splat(args.oneMinusBeta1(d)), share2 = f32x4.splat(args.oneMinusBeta2(d));
  for (let i = from * TILE; i < end; i += BLOCK) {
    const at = <usize>i << 2;
    let n = min(BLOCK, end - i);
    let g = gradients(b, scalars, <usize>args.partAt(d) + at, n);
    let p = args.p(d, b) + at, m = args.m(d, b) + at, v = args.v(d, b) + at;
    let nextP = args.nextP(d, b) + at, nextM = args.nextM(d, b) + at, nextV = args.nextV(d, b) + at;
    for (; n >= 8; n -= 8) {
      const p0 = v128.load(p, 0), p1 = v128.load(p, 16);
      const g0 = f32x4.mul(v128.load(g, 0), inverse), g1 = f32x4.mul(v128.load(g, 16), inverse);
      const m0 = firstMoment(v128.load(m, 0), g0, share1), m1 = firstMoment(v128.load(m, 16), g1, share1);
      const v0 = secondMoment(v128.load(v, 0), g0, share2), v1 = secondMoment(v128.load(v, 16), g1, share2);
      const next0 = moved(p0, m0, v0, alpha, decay, epsilon), next1 = moved(p1, m1, v1, alpha, decay, epsilon);
      v128.store(nextM, m0, 0);
      v128.store(nextM, m1, 16);
      v128.store(nextV, v0, 0);
      v128.store(nextV, v1, 16);
      v128.store(nextP, next0, 0);
      v128.store(nextP, next1, 16);
      p += 32;
      g += 32;
      m += 32;
      v += 32;
      nextP += 32;
      nextM += 32;
      nextV += 32;
    }
    for (; n > 0; n -= 4) {
      const gradient = f32x4.mul(v128.load(g), inverse);
      const first = firstMoment(v128.load(m), gradient, share1), second = secondMoment(v128.load(v), gradient, share2);
      storeUpTo(nextM, first, n);
      storeUpTo(nextV, second, n);
      storeUpTo(nextP, moved(v128.load(p), first, second, alpha, decay, epsilon), n);
      p += 16;
      g += 16;
      m += 16;
      v += 16;
      nextP += 16;
      nextM += 16;
      nextV += 16;
    }
  }
}

/** `alpha` and `decay` are negative here. */
// @ts-ignore: decorator
@inline
function moved(p: v128, m: v128, v: v128, alpha: v128, decay: v128, epsilon: v128): v128 {
  const step = f32x4.div(f32x4.mul(alpha, m), f32x4.add(f32x4.sqrt(v), epsilon));
  return f32x4.add(fma(decay, p, p), step);
}
