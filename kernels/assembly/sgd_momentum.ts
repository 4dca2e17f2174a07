// sgd_momentum.ts: gradient descent with momentum, as Keras': v' = momentum v - rate g; p' = q + v', or q + momentum v' - rate g,
// where q = p - rate weightDecay p: the decay is decoupled, velocity does not see it.
import { fma } from "./abi";
import { sgd_momentum as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { BLOCK, gradients, TILE } from "./reduce";

export function sgd_momentum(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, args.count(d)), scalars = args.scalars(d, b), nesterov = args.nesterov(d);
  // one division for all: dividing each gradient would be what takes the time
  const inverse = f32x4.div(f32x4.splat(1), v128.load32_splat(scalars)), rate = f32x4.neg(v128.load32_splat(scalars, 4));
  const decay = f32x4.mul(rate, f32x4.splat(args.weightDecay(d))), momentum = f32x4.splat(args.momentum(d));
  for (let i = from * TILE; i < end; i += BLOCK) {
    const at = <usize>i << 2;
    let n = min(BLOCK, end - i);
    let g = gradients(b, scalars, <usize>args.partAt(d) + at, n), p = args.p(d, b) + at, v = args.velocity(d, b) + at;
    let nextP = args.nextP(d, b) + at, nextV = args.nextVelocity(d, b) + at;
    for (; n >= 8; n -= 8) {
      const p0 = v128.load(p, 0), p1 = v128.load(p, 16), v0 = v128.load(v, 0), v1 = v128.load(v, 16);
      const g0 = v128.load(g, 0), g1 = v128.load(g, 16);
      const s0 = stepOf(g0, inverse, rate), s1 = stepOf(g1, inverse, rate);
      const w0 = fma(momentum, v0, s0), w1 = fma(momentum, v1, s1);
      v128.store(nextV, w0, 0);
      v128.store(nextV, w1, 16);
      v128.store(nextP, moved(p0, w0, s0, momentum, decay, nesterov), 0);
      v128.store(nextP, moved(p1, w1, s1, momentum, decay, nesterov), 16);
      p += 32;
      v += 32;
      g += 32;
      nextP += 32;
      nextV += 32;
    }
    for (; n > 0; n -= 4) {
      const step = stepOf(v128.load(g), inverse, rate);
      const velocity = fma(momentum, v128.load(v), step);
      storeUpTo(nextV, velocity, n);
      storeUpTo(nextP, moved(v128.load(p), velocity, step, momentum, decay, nesterov), n);
      p += 16;
      v += 16;
      g += 16;
      nextP += 16;
      nextV += 16;
    }
  }
}

/** -rate g; `rate` is negative here. */
// @ts-ignore: decorator
@inline
function stepOf(g: v128, inverse: v128, rate: v128): v128 {
  return f32x4.mul(rate, f32x4.mul(g, inverse));
}

/** `decay` is -rate weightDecay. */
// @ts-ignore: decorator
@inline
function moved(p: v128, velocity: v128, step: v128, momentum: v128, decay: v128, nesterov: i32): v128 {
  const decayed = fma(decay, p, p);
  return nesterov ? f32x4.add(fma(momentum, velocity, decayed), step) : f32x4.add(decayed, velocity);
}
