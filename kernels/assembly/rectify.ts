// rectify.ts: relu with a slope, a threshold and a maximum (relu6, leaky relu), and its gradient from x. Plain relu is relu.ts.
import { rectify as args, rectify_backward as backwardArgs } from "./generated/arguments";
import { backward, forward } from "./map";

@unmanaged
class Rectify {
  // NaN passes: it fails both comparisons
  // @ts-ignore: decorator
  @inline
  of(x: v128): v128 {
    const d = changetype<usize>(this), threshold = f32x4.splat(args.threshold(d));
    const low = f32x4.mul(f32x4.splat(args.slope(d)), f32x4.sub(x, threshold));
    return v128.bitselect(low, f32x4.pmin(x, f32x4.splat(args.max(d))), f32x4.le(x, threshold));
  }
}

@unmanaged
class RectifyBackward {
  // @ts-ignore: decorator
  @inline
  of(dy: v128, x: v128): v128 {
    const d = changetype<usize>(this);
    const low = f32x4.mul(dy, f32x4.splat(backwardArgs.slope(d)));
    const high = v128.andnot(dy, f32x4.ge(x, f32x4.splat(backwardArgs.max(d))));
    return v128.bitselect(low, high, f32x4.le(x, f32x4.splat(backwardArgs.threshold(d))));
  }
}

export function rectify(d: usize, b: usize, from: i32, to: i32): void {
  forward<Rectify>(d, b, from, to);
}

export function rectify_backward(d: usize, b: usize, from: i32, to: i32): void {
  backward<RectifyBackward>(d, b, from, to);
}
