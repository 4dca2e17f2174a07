// mish.ts: x tanh(softplus(x)), and its gradient from x.
import { fma } from "./abi";
import { backward, forward } from "./map";
import { exp } from "./math";

/** tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2), which is 1 beyond x = 20. */
// @ts-ignore: decorator
@inline
function factor(e: v128): v128 {
  const two = f32x4.splat(2), product = f32x4.mul(e, f32x4.add(e, two));
  return f32x4.div(product, f32x4.add(product, two));
}

@unmanaged
class Mish {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, factor(exp(f32x4.pmin(x, f32x4.splat(20)))));
  }
}

@unmanaged
class MishBackward {
  // dy (t + x (1 - t^2) sigmoid(x)), t = tanh(softplus(x))
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    const one = f32x4.splat(1), e = exp(f32x4.pmin(x, f32x4.splat(20))), t = factor(e);
    const sigmoid = f32x4.div(e, f32x4.add(one, e));
    const bend = f32x4.mul(f32x4.mul(f32x4.sub(one, t), f32x4.add(one, t)), sigmoid);
    return f32x4.mul(dy, fma(x, bend, t));
  }
}

export function mish(d: usize, b: usize, from: i32, to: i32): void {
  forward<Mish>(d, b, from, to);
}

export function mish_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<MishBackward>(d, b, from, to);
}
