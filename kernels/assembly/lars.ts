// lars.ts: the step of LARS, its trust ratio known: v = mu v + ratio (g + decay p); p -= rate v, or Nesterov's. The norms: squares.ts.
import { fma } from "./abi";
import { lars as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { RATIO } from "./norms";
import { BLOCK, gradients, TILE } from "./reduce";
import { inverseOf } from "./update";

export function lars(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, args.count(d)), c = args.scalars(d, b), inverse = inverseOf(c), nesterov = args.nesterov(d);
  const decay = f32x4.splat(args.weightDecay(d)), momentum = f32x4.splat(args.momentum(d));
  const rate = f32x4.neg(v128.load32_splat(c, 4)), ratio = v128.load32_splat(c, RATIO);
  for (let i = from * TILE; i < end; i += BLOCK) {
    const at = <usize>i << 2, n = min(BLOCK, end - i), g = gradients(b, c, <usize>args.partAt(d) + at, n);
    const p = args.p(d, b) + at, nextP = args.nextP(d, b) + at, v = args.velocity(d, b) + at, nextV = args.nextVelocity(d, b) + at;
    for (let j = 0; j < n; j += 4) {
      const place = <usize>j << 2, old = v128.load(p + place);
      const adapted = f32x4.mul(ratio, fma(decay, old, f32x4.mul(v128.load(g + place), inverse)));
      const velocity = fma(momentum, v128.load(v + place), adapted);
      storeUpTo(nextV + place, velocity, n - j);
      storeUpTo(nextP + place, fma(rate, nesterov ? fma(momentum, velocity, adapted) : velocity, old), n - j);
    }
  }
}
