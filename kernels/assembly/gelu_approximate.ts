// gelu_approximate.ts: gelu by tanh, and its gradient from x. Not gelu itself (gelu.ts).
import { fma } from "./abi";
import { backward, forward } from "./map";
import { sigmoidOf } from "./math";

/** 2 sqrt(2 / pi) (x + 0.044715 x^3). */
// @ts-ignore: decorator
@inline
function twice(x: v128): v128 {
  return f32x4.mul(x, fma(f32x4.mul(x, x), f32x4.splat(0.0713548163), f32x4.splat(1.59576912)));
}

@unmanaged
class GeluApproximate {
  // (1 + tanh(u)) / 2 = sigmoid(2 u), without cancelling
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, sigmoidOf(twice(x)));
  }
}

@unmanaged
class GeluApproximateBackward {
  // s + x s (1 - s) u', u' = 2 sqrt(2 / pi) (1 + 3 * 0.044715 x^2); beyond 20 it is 0 or 1
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    const v = f32x4.pmax(f32x4.pmin(x, f32x4.splat(20)), f32x4.splat(-20)), s = sigmoidOf(twice(v));
    const inner = fma(f32x4.mul(v, v), f32x4.splat(0.214064448), f32x4.splat(1.59576912));
    const slope = fma(f32x4.mul(f32x4.mul(v, s), f32x4.sub(f32x4.splat(1), s)), inner, s);
    return f32x4.mul(dy, slope);
  }
}

export function gelu_approximate(d: usize, b: usize, from: i32, to: i32): void {
  forward<GeluApproximate>(d, b, from, to);
}

export function gelu_approximate_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<GeluApproximateBackward>(d, b, from, to);
}
