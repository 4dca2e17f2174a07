// log_softmax.ts: x - log(sum of exp(x)) over the C floats of a row, and its gradient from its output. Not its fusion with a loss.
import { rowsOf } from "./abi";
import { log_softmax as args, log_softmax_backward as backwardArgs } from "./generated/arguments";
import { lanesBelow, storeUpTo, sumLanes } from "./lanes";
import { exp, log64 } from "./math";
import { topOf } from "./softmax";

/** Rows of M that a tile covers (signatures.ts). */
const BLOCK: i32 = 16;

export function log_softmax(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), end = min(to * BLOCK, rowsOf(b) * args.m(d));
  for (let row = from * BLOCK; row < end; row++) {
    const x = args.x(d, b) + (<usize>(row * args.ldx(d)) << 2);
    const y = args.y(d, b) + (<usize>(row * args.ldy(d)) << 2);
    const top = topOf(x, C);
    let sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      const power = exp(f32x4.sub(v128.load(x + (<usize>c << 2)), top));
      sum = f32x4.add(sum, v128.and(power, lanesBelow(C - c)));
    }
    const total = f64x2.promote_low_f32x4(sumLanes(sum));
    const log = f32x4.splat(<f32>f64x2.extract_lane(log64(total), 0));
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      storeUpTo(y + at, f32x4.sub(f32x4.sub(v128.load(x + at), top), log), C - c);
    }
  }
}

// dx = dy - exp(y) (sum of dy)
export function log_softmax_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), end = min(to * BLOCK, rowsOf(b) * backwardArgs.m(d));
  for (let row = from * BLOCK; row < end; row++) {
    const dy = backwardArgs.dy(d, b) + (<usize>(row * backwardArgs.lddy(d)) << 2);
    const y = backwardArgs.y(d, b) + (<usize>(row * backwardArgs.ldy(d)) << 2);
    const dx = backwardArgs.dx(d, b) + (<usize>(row * backwardArgs.lddx(d)) << 2);
    let sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      sum = f32x4.add(sum, v128.and(v128.load(dy + (<usize>c << 2)), lanesBelow(C - c)));
    }
    const total = sumLanes(sum);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      storeUpTo(dx + at, f32x4.sub(v128.load(dy + at), f32x4.mul(exp(v128.load(y + at)), total)), C - c);
    }
  }
}
