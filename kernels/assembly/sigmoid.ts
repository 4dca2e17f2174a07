// sigmoid.ts: sigmoid and its gradient from its output, element by element. Not the formula (math.ts).
import { backward, forward } from "./map";
import { sigmoidOf } from "./math";

@unmanaged
class Sigmoid {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return sigmoidOf(x);
  }
}

@unmanaged
class SigmoidBackward {
  // dy y (1 - y)
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(f32x4.splat(1), y));
  }
}

export function sigmoid(d: usize, b: usize, from: i32, to: i32): void {
  forward<Sigmoid>(d, b, from, to);
}

export function sigmoid_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<SigmoidBackward>(d, b, from, to);
}
