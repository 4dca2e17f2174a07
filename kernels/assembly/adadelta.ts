// adadelta.ts: Adadelta as Keras computes it: steps in the proportion of past steps to past gradients.
import { fma } from "./abi";
import { adadelta as args } from "./generated/arguments";
import { update2 } from "./update";

/** sqrt(d + eps) g / sqrt(a + eps) */
// @ts-ignore: decorator
@inline
function deltaOf(g: v128, d: v128, a: v128, epsilon: v128): v128 {
  return f32x4.div(f32x4.mul(f32x4.sqrt(f32x4.add(d, epsilon)), g), f32x4.sqrt(f32x4.add(a, epsilon)));
}

@unmanaged
class Adadelta {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, a: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), a, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), f32x4.mul(g, g)));
  }

  // @ts-ignore: decorator
  @inline
  second(d: usize, c: usize, g: v128, past: v128, a: v128): v128 {
    const delta = deltaOf(g, past, a, f32x4.splat(args.epsilon(d)));
    return fma(f32x4.splat(args.rho(d)), past, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), f32x4.mul(delta, delta)));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, past: v128, a: v128, _: v128): v128 {
    return f32x4.sub(q, f32x4.mul(v128.load32_splat(c, 4), deltaOf(g, past, a, f32x4.splat(args.epsilon(d)))));
  }
}

export function adadelta(d: usize, b: usize, from: i32, to: i32): void {
  update2<Adadelta>(
    d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
    args.a(d, b), args.nextA(d, b), args.d(d, b), args.nextD(d, b),
  );
}
