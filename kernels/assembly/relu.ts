// relu.ts: relu and its gradient from its output, element by element. Not the relu fused into gemm and conv.
import { relu as args, relu_backward as backwardArgs } from "./generated/arguments";
import { mapOne, mapTwo } from "./map";

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
  mapOne<Relu>(
    args.H(d), args.L(d),
    args.x(d, b), args.xImage(d), args.xRow(d),
    args.y(d, b), args.yImage(d), args.yRow(d),
    from, to,
  );
}

export function relu_backward(d: usize, b: usize, from: i32, to: i32): void {
  mapTwo<ReluBackward>(
    backwardArgs.H(d), backwardArgs.L(d),
    backwardArgs.dy(d, b), backwardArgs.dyImage(d), backwardArgs.dyRow(d),
    backwardArgs.y(d, b), backwardArgs.yImage(d), backwardArgs.yRow(d),
    backwardArgs.dx(d, b), backwardArgs.dxImage(d), backwardArgs.dxRow(d),
    from, to,
  );
}
