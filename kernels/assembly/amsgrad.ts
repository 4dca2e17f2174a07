// amsgrad.ts: Adam with the greatest second moment so far, as Keras computes it.
import { amsgrad as args } from "./generated/arguments";
import { firstMoment, secondMoment, update3 } from "./update";

@unmanaged
class Amsgrad {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, m: v128): v128 {
    return firstMoment(m, g, f32x4.splat(args.oneMinusBeta1(d)));
  }

  // @ts-ignore: decorator
  @inline
  second(d: usize, c: usize, g: v128, v: v128, _: v128): v128 {
    return secondMoment(v, g, f32x4.splat(args.oneMinusBeta2(d)));
  }

  // @ts-ignore: decorator
  @inline
  third(d: usize, c: usize, g: v128, top: v128, _: v128, v: v128): v128 {
    return f32x4.max(top, v);
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, m: v128, v: v128, top: v128): v128 {
    return f32x4.sub(q, f32x4.div(f32x4.mul(v128.load32_splat(c, 8), m), f32x4.add(f32x4.sqrt(top), f32x4.splat(args.epsilon(d)))));
  }
}

export function amsgrad(d: usize, b: usize, from: i32, to: i32): void {
  update3<Amsgrad>(
    d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
    args.m(d, b), args.nextM(d, b), args.v(d, b), args.nextV(d, b), args.top(d, b), args.nextTop(d, b),
  );
}
