// gelu.ts: x Phi(x), Phi the normal distribution, and its gradient from x. Not its approximation (gelu_approximate.ts).
import { fma } from "./abi";
import { backward, forward } from "./map";
import { bell, normalBelow } from "./math";

@unmanaged
class Gelu {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, normalBelow(x, bell(x)));
  }
}

@unmanaged
class GeluBackward {
  // dy (Phi(x) + x Phi'(x)), Phi'(x) = bell(x) / sqrt(2 pi)
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    const density = bell(x);
    const slope = fma(f32x4.mul(x, f32x4.splat(0.39894228)), density, normalBelow(x, density));
    return f32x4.mul(dy, slope);
  }
}

export function gelu(d: usize, b: usize, from: i32, to: i32): void {
  forward<Gelu>(d, b, from, to);
}

export function gelu_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<GeluBackward>(d, b, from, to);
}
