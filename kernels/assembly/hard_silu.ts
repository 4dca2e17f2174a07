// hard_silu.ts: x hard_sigmoid(x), and its gradient from x.
import { fma } from "./abi";
import { hardSigmoid } from "./hard_sigmoid";
import { backward, forward } from "./map";

@unmanaged
class HardSilu {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, hardSigmoid(x));
  }
}

@unmanaged
class HardSiluBackward {
  // dy (x / 3 + 1/2) between -3 and 3, 0 below, dy above
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    const one = f32x4.splat(1), line = fma(x, f32x4.splat(1.0 / 3), f32x4.splat(0.5));
    const some = v128.andnot(line, f32x4.le(x, f32x4.splat(-3)));
    return f32x4.mul(dy, v128.bitselect(one, some, f32x4.ge(x, f32x4.splat(3))));
  }
}

export function hard_silu(d: usize, b: usize, from: i32, to: i32): void {
  forward<HardSilu>(d, b, from, to);
}

export function hard_silu_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<HardSiluBackward>(d, b, from, to);
}
