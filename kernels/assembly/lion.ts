// lion.ts: Lion as Keras computes it: a step of the sign of a blend of momentum and gradient.
import { fma } from "./abi";
import { lion as args } from "./generated/arguments";
import { update1 } from "./update";

@unmanaged
class Lion {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, m: v128): v128 {
    return fma(m, f32x4.splat(args.beta2(d)), f32x4.mul(g, f32x4.splat(args.oneMinusBeta2(d))));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, m: v128, _: v128): v128 {
    const blend = fma(m, f32x4.splat(args.beta1(d)), f32x4.mul(g, f32x4.splat(args.oneMinusBeta1(d)))), zero = f32x4.splat(0);
    const sign = v128.or(v128.and(blend, f32x4.splat(-0.0)), f32x4.splat(1));
    // no step where the blend is 0; NaN, where it is NaN
    const step = v128.bitselect(blend, sign, v128.or(f32x4.eq(blend, zero), f32x4.ne(blend, blend)));
    return f32x4.sub(q, f32x4.mul(v128.load32_splat(c, 4), step));
  }
}

export function lion(d: usize, b: usize, from: i32, to: i32): void {
  update1<Lion>(
    d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
    args.m(d, b), args.nextM(d, b),
  );
}
