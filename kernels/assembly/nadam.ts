// nadam.ts: Nadam as Keras computes it: Adam with Nesterov's look ahead; the corrections are in the scalars.
import { fma } from "./abi";
import { nadam as args } from "./generated/arguments";
import { firstMoment, secondMoment, update2 } from "./update";

@unmanaged
class Nadam {
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
  next(d: usize, c: usize, q: v128, g: v128, _: v128, m: v128, v: v128): v128 {
    const ahead = fma(v128.load32_splat(c, 8), m, f32x4.mul(v128.load32_splat(c, 12), g));
    const size = f32x4.sqrt(f32x4.mul(v128.load32_splat(c, 16), v));
    return f32x4.sub(q, f32x4.div(ahead, f32x4.add(size, f32x4.splat(args.epsilon(d)))));
  }
}

export function nadam(d: usize, b: usize, from: i32, to: i32): void {
  update2<Nadam>(
    d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
    args.m(d, b), args.nextM(d, b), args.v(d, b), args.nextV(d, b),
  );
}
