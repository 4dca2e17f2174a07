// pointwise_loss.ts: losses whose value at each output depends on that output alone; a row's is their mean, or their sum. In doubles.
// `kind` as in kernels/signatures.ts. A kind is a class of two inlined methods: the loss of (y, t), and its slope along y.
import { rowsOf, scratchOf } from "./abi";
import { highHalf, joined, lowHalf, sum64, weightAt } from "./doubles";
import { pointwise_loss as args } from "./generated/arguments";
import { lanesBelow, storeUpTo } from "./lanes";
import { collapse64, leafEnd, push64 } from "./leaves";
import { exp64, log64 } from "./math";

// @ts-ignore: decorator
@inline
function f(x: f64): v128 {
  return f64x2.splat(x);
}

/** b where the mask is set, else a. */
// @ts-ignore: decorator
@inline
function pick(a: v128, b: v128, mask: v128): v128 {
  return v128.bitselect(b, a, mask);
}

/** 1, 0 or -1. */
// @ts-ignore: decorator
@inline
function signOf(x: v128): v128 {
  return f64x2.sub(v128.and(f64x2.gt(x, f(0)), f(1)), v128.and(f64x2.lt(x, f(0)), f(1)));
}

@unmanaged
class Absolute {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, _: v128): v128 { return f64x2.abs(f64x2.sub(y, t)); }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, _: v128): v128 { return signOf(f64x2.sub(y, t)); }
}

@unmanaged
class Huber {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, delta: v128): v128 {
    const e = f64x2.abs(f64x2.sub(y, t)), near = f64x2.mul(f64x2.mul(e, e), f(0.5));
    const far = f64x2.mul(delta, f64x2.sub(e, f64x2.mul(delta, f(0.5))));
    return pick(far, near, f64x2.le(e, delta));
  }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, delta: v128): v128 {
    const e = f64x2.sub(y, t);
    return f64x2.max(f64x2.min(e, delta), f64x2.neg(delta));
  }
}

/** log(cosh(e)) = |e| + log(1 + exp(-2 |e|)) - log 2 */
@unmanaged
class LogCosh {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, _: v128): v128 {
    const e = f64x2.abs(f64x2.sub(y, t)), power = exp64(f64x2.mul(e, f(-2)));
    return f64x2.sub(f64x2.add(e, log64(f64x2.add(power, f(1)))), f(0.6931471805599453));
  }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, _: v128): v128 {
    const e = f64x2.sub(y, t), power = exp64(f64x2.mul(f64x2.abs(e), f(-2)));
    return f64x2.mul(signOf(e), f64x2.div(f64x2.sub(f(1), power), f64x2.add(f(1), power)));
  }
}

/** Labels of 0 count as -1. */
// @ts-ignore: decorator
@inline
function side(t: v128): v128 {
  return pick(t, f(-1), f64x2.eq(t, f(0)));
}

@unmanaged
class Hinge {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, _: v128): v128 { return f64x2.max(f64x2.sub(f(1), f64x2.mul(side(t), y)), f(0)); }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, _: v128): v128 {
    const s = side(t);
    return v128.and(f64x2.neg(s), f64x2.lt(f64x2.mul(s, y), f(1)));
  }
}

@unmanaged
class SquaredHinge {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, _: v128): v128 {
    const h = f64x2.max(f64x2.sub(f(1), f64x2.mul(side(t), y)), f(0));
    return f64x2.mul(h, h);
  }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, _: v128): v128 {
    const s = side(t), h = f64x2.max(f64x2.sub(f(1), f64x2.mul(s, y)), f(0));
    return f64x2.mul(f64x2.mul(s, h), f(-2));
  }
}

/** t log(t / y), both kept between 1e-7 and 1 as Keras does. */
@unmanaged
class Divergence {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, _: v128): v128 {
    const a = f64x2.min(f64x2.max(t, f(1e-7)), f(1)), b = f64x2.min(f64x2.max(y, f(1e-7)), f(1));
    return f64x2.mul(a, f64x2.sub(log64(a), log64(b)));
  }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, _: v128): v128 {
    const a = f64x2.min(f64x2.max(t, f(1e-7)), f(1)), inside = v128.and(f64x2.ge(y, f(1e-7)), f64x2.le(y, f(1)));
    return v128.and(f64x2.neg(f64x2.div(a, y)), inside);
  }
}

/** y - t log(y + 1e-7): NaN where that has no logarithm, as Keras gives it. */
@unmanaged
class Poisson {
  // @ts-ignore: decorator
  @inline
  loss(y: v128, t: v128, _: v128): v128 {
    const inside = f64x2.add(y, f(1e-7)), log = pick(log64(inside), f(NaN), f64x2.lt(inside, f(0)));
    return f64x2.sub(y, f64x2.mul(t, log));
  }
  // @ts-ignore: decorator
  @inline
  slope(y: v128, t: v128, _: v128): v128 { return f64x2.sub(f(1), f64x2.div(t, f64x2.add(y, f(1e-7)))); }
}

export function pointwise_loss(d: usize, b: usize, from: i32, to: i32): void {
  const kind = args.kind(d);
  if (kind == 0) walk<Absolute>(d, b);
  else if (kind == 1) walk<Huber>(d, b);
  else if (kind == 2) walk<LogCosh>(d, b);
  else if (kind == 3) walk<Hinge>(d, b);
  else if (kind == 4) walk<SquaredHinge>(d, b);
  else if (kind == 5) walk<Divergence>(d, b);
  else walk<Poisson>(d, b);
}

function walk<F>(d: usize, b: usize): void {
  const rule = changetype<F>(0), rows = rowsOf(b) * args.m(d), C = args.C(d), wantGradient = args.wantGradient(d);
  const divisor = args.over(d), share = f(<f64>divisor), delta = f(<f64>args.delta(d));
  const stack = scratchOf(b), m = args.m(d);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const y = args.y(d, b) + (<usize>(row * args.ldy(d)) << 2);
    const targets = args.targets(d, b) + (<usize>(row * C) << 2);
    const dY = args.dY(d, b) + (<usize>(row * args.ldd(d)) << 2);
    const weight = weightAt(args.weights(d, b), row, args.hasWeights(d)), scale = f64x2.splat(weight);
    let loss = f(0);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const own = v128.and(v128.load(y + at), valid), t = v128.and(v128.load(targets + at), valid);
      const y0 = lowHalf(own), y1 = highHalf(own), t0 = lowHalf(t), t1 = highHalf(t);
      // @ts-ignore: F is a class with these methods
      const low: v128 = rule.loss(y0, t0, delta), high: v128 = rule.loss(y1, t1, delta);
      loss = f64x2.add(loss, v128.and(low, i64x2.extend_low_i32x4_s(valid)));
      loss = f64x2.add(loss, v128.and(high, i64x2.extend_high_i32x4_s(valid)));
      if (wantGradient) {
        // @ts-ignore: as above
        const s0: v128 = rule.slope(y0, t0, delta), s1: v128 = rule.slope(y1, t1, delta);
        const d0 = f64x2.div(f64x2.mul(s0, scale), share), d1 = f64x2.div(f64x2.mul(s1, scale), share);
        storeUpTo(dY + at, joined(d0, d1), C - c);
      }
    }
    sum += (weight * sum64(loss)) / <f64>divisor;
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(args.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}
