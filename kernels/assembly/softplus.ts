// softplus.ts: log(1 + exp(x)), and its gradient from x. Not the formulas of exp and log (math.ts).
import { backward, forward } from "./map";
import { exp, log1p, sigmoidOf } from "./math";

@unmanaged
class Softplus {
  // max(x, 0) + log(1 + exp(-|x|))
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p(exp(f32x4.neg(f32x4.abs(x)))));
  }
}

@unmanaged
class SoftplusBackward {
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    return f32x4.mul(dy, sigmoidOf(x));
  }
}

export function softplus(d: usize, b: usize, from: i32, to: i32): void {
  forward<Softplus>(d, b, from, to);
}

export function softplus_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<SoftplusBackward>(d, b, from, to);
}
