// hard_sigmoid.ts: x / 6 + 1/2 between 0 and 1 (Keras 3), and its gradient from its output. Not tfjs' x / 5 + 1/2.
import { fma } from "./abi";
import { backward, forward } from "./map";

/** NaN passes. */
// @ts-ignore: decorator
@inline
export function hardSigmoid(x: v128): v128 {
  const line = fma(x, f32x4.splat(1.0 / 6), f32x4.splat(0.5));
  return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1));
}

@unmanaged
class HardSigmoid {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return hardSigmoid(x);
  }
}

@unmanaged
class HardSigmoidBackward {
  // dy / 6 where 0 < y < 1 or y is NaN
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, f32x4.splat(1)));
    return v128.and(f32x4.mul(dy, f32x4.splat(1.0 / 6)), v128.or(inside, f32x4.ne(y, y)));
  }
}

export function hard_sigmoid(d: usize, b: usize, from: i32, to: i32): void {
  forward<HardSigmoid>(d, b, from, to);
}

export function hard_sigmoid_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<HardSigmoidBackward>(d, b, from, to);
}
