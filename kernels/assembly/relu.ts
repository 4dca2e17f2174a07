// relu.ts: relu and its gradient from its output, element by element. Not the relu fused into gemm and conv.
import { backward, forward } from "./map";

@unmanaged
class Relu {
  // x < 0 ? 0 : x: NaN passes
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
}

@unmanaged
class ReluBackward {
  // dy where y > 0 or is NaN
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
  }
}

export function relu(d: usize, b: usize, from: i32, to: i32): void {
  forward<Relu>(d, b, from, to);
}

export function relu_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<ReluBackward>(d, b, from, to);
}
