// sigmoid.ts: sigmoid and its gradient from its output, element by element. Not the formula (math.ts).
import { sigmoid as args, sigmoid_backward as backwardArgs } from "./generated/arguments";
import { mapOne, mapTwo } from "./map";
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
  mapOne<Sigmoid>(
    args.H(d), args.L(d),
    args.x(d, b), args.xImage(d), args.xRow(d),
    args.y(d, b), args.yImage(d), args.yRow(d),
    from, to,
  );
}

export function sigmoid_backward(d: usize, b: usize, from: i32, to: i32): void {
  mapTwo<SigmoidBackward>(
    backwardArgs.H(d), backwardArgs.L(d),
    backwardArgs.dy(d, b), backwardArgs.dyImage(d), backwardArgs.dyRow(d),
    backwardArgs.y(d, b), backwardArgs.yImage(d), backwardArgs.yRow(d),
    backwardArgs.dx(d, b), backwardArgs.dxImage(d), backwardArgs.dxRow(d),
    from, to,
  );
}
