// silu.ts: x sigmoid(x), and its gradient from x.
import { fma } from "./abi";
import { backward, forward } from "./map";
import { sigmoidOf } from "./math";

@unmanaged
class Silu {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, sigmoidOf(x));
  }
}

@unmanaged
class SiluBackward {
  // dy (s + x s (1 - s))
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    const s = sigmoidOf(x);
    return f32x4.mul(dy, fma(f32x4.mul(x, s), f32x4.sub(f32x4.splat(1), s), s));
  }
}

export function silu(d: usize, b: usize, from: i32, to: i32): void {
  forward<Silu>(d, b, from, to);
}

export function silu_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<SiluBackward>(d, b, from, to);
}
