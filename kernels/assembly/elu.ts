// elu.ts: elu, scaled (selu too), and its gradient from its output. Not the formula of exp (math.ts).
import { elu as args, elu_backward as backwardArgs } from "./generated/arguments";
import { backward, forward } from "./map";
import { expm1 } from "./math";

@unmanaged
class Elu {
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    const d = changetype<usize>(this), scale = f32x4.splat(args.scale(d));
    const low = f32x4.mul(f32x4.splat(args.alpha(d)), expm1(x));
    return f32x4.mul(scale, v128.bitselect(x, low, f32x4.gt(x, f32x4.splat(0))));
  }
}

@unmanaged
class EluBackward {
  // dy scale where y > 0, else dy (y + scale alpha): scale alpha exp(x)
  // @ts-ignore: decorator
  @inline
  of(dy: v128, y: v128): v128 {
    const d = changetype<usize>(this), scale = f32x4.splat(backwardArgs.scale(d));
    const low = f32x4.add(y, f32x4.mul(scale, f32x4.splat(backwardArgs.alpha(d))));
    return f32x4.mul(dy, v128.bitselect(scale, low, f32x4.gt(y, f32x4.splat(0))));
  }
}

export function elu(d: usize, b: usize, from: i32, to: i32): void {
  forward<Elu>(d, b, from, to);
}

export function elu_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<EluBackward>(d, b, from, to);
}
