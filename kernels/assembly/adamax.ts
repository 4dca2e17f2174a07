// adamax.ts: Adamax as Keras computes it: Adam with the greatest gradient of late in place of the second moment.
import { adamax as args } from "./generated/arguments";
import { firstMoment, update2 } from "./update";

@unmanaged
class Adamax {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, m: v128): v128 {
    return firstMoment(m, g, f32x4.splat(args.oneMinusBeta1(d)));
  }

  // @ts-ignore: decorator
  @inline
  second(d: usize, c: usize, g: v128, u: v128, _: v128): v128 {
    return f32x4.max(f32x4.mul(f32x4.splat(args.beta2(d)), u), f32x4.abs(g));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, m: v128, u: v128): v128 {
    return f32x4.sub(q, f32x4.div(f32x4.mul(v128.load32_splat(c, 8), m), f32x4.add(u, f32x4.splat(args.epsilon(d)))));
  }
}

export function adamax(d: usize, b: usize, from: i32, to: i32): void {
  update2<Adamax>(
    d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
    args.m(d, b), args.nextM(d, b), args.u(d, b), args.nextU(d, b),
  );
}
