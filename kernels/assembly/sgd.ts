// sgd.ts: plain gradient descent: p' = p - rate (g + weightDecay p). The gradient comes from the reduce program (reduce.ts).
import { fma } from "./abi";
import { sgd as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { BLOCK, gradients, TILE } from "./reduce";

export function sgd(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, args.count(d)), scalars = args.scalars(d, b);
  // one division for all: dividing each gradient would be what takes the time
  const inverse = f32x4.div(f32x4.splat(1), v128.load32_splat(scalars)), rate = f32x4.neg(v128.load32_splat(scalars, 4));
  const decay = f32x4.splat(args.weightDecay(d));
  for (let i = from * TILE; i < end; i += BLOCK) {
    const at = <usize>i << 2;
    let n = min(BLOCK, end - i);
    let g = gradients(b, scalars, <usize>args.partAt(d) + at, n), p = args.p(d, b) + at, nextP = args.nextP(d, b) + at;
    for (; n >= 8; n -= 8) {
      const p0 = v128.load(p, 0), p1 = v128.load(p, 16), g0 = v128.load(g, 0), g1 = v128.load(g, 16);
      const next0 = stepped(p0, g0, inverse, rate, decay), next1 = stepped(p1, g1, inverse, rate, decay);
      v128.store(nextP, next0, 0);
      v128.store(nextP, next1, 16);
      p += 32;
      g += 32;
      nextP += 32;
    }
    for (; n > 0; n -= 4) {
      storeUpTo(nextP, stepped(v128.load(p), v128.load(g), inverse, rate, decay), n);
      p += 16;
      g += 16;
      nextP += 16;
    }
  }
}

/** `rate` is negative here. */
// @ts-ignore: decorator
@inline
function stepped(p: v128, g: v128, inverse: v128, rate: v128, decay: v128): v128 {
  return fma(rate, fma(decay, p, f32x4.mul(g, inverse)), p);
}
