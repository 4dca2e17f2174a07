// tanh.ts: tanh and its gradient from its output, element by element. Not the formula (math.ts).
import { backward, forward } from "./map";
import { tanhOf } from "./math";

@unmanaged
class Tanh {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return tanhOf(x);
  }
}

@unmanaged
class TanhBackward {
  // dy (1 - y) (1 + y): 1 - y y would cancel near 1
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    return f32x4.mul(f32x4.mul(dy, f32x4.sub(f32x4.splat(1), y)), f32x4.add(f32x4.splat(1), y));
  }
}

export function tanh(d: usize, b: usize, from: i32, to: i32): void {
  forward<Tanh>(d, b, from, to);
}

export function tanh_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<TanhBackward>(d, b, from, to);
}
