// softsign.ts: x / (1 + |x|), and its gradient from its output.
import { backward, forward } from "./map";

@unmanaged
class Softsign {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.div(x, f32x4.add(f32x4.splat(1), f32x4.abs(x)));
  }
}

@unmanaged
class SoftsignBackward {
  // dy (1 - |y|)^2
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    const rest = f32x4.sub(f32x4.splat(1), f32x4.abs(y));
    return f32x4.mul(dy, f32x4.mul(rest, rest));
  }
}

export function softsign(d: usize, b: usize, from: i32, to: i32): void {
  forward<Softsign>(d, b, from, to);
}

export function softsign_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<SoftsignBackward>(d, b, from, to);
}
