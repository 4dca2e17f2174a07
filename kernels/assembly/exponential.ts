// exponential.ts: exp and its gradient from its output. Not the formula (math.ts).
import { backward, forward } from "./map";
import { exp } from "./math";

@unmanaged
class Exponential {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return exp(x);
  }
}

@unmanaged
class ExponentialBackward {
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    return f32x4.mul(dy, y);
  }
}

export function exponential(d: usize, b: usize, from: i32, to: i32): void {
  forward<Exponential>(d, b, from, to);
}

export function exponential_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<ExponentialBackward>(d, b, from, to);
}
