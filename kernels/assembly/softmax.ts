// softmax.ts: softmax over the C floats of a row, and its gradient from its output. Not its fusion with a loss.
import { fma, rowsOf } from "./abi";
import { softmax as args, softmax_backward as backwardArgs } from "./generated/arguments";
import { lanesBelow, maxLanes, storeUpTo, sumLanes } from "./lanes";
import { exp } from "./math";

/** Rows of M that a tile covers (signatures.ts). */
const BLOCK: i32 = 16;

export function softmax(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), end = min(to * BLOCK, rowsOf(b) * args.m(d));
  for (let row = from * BLOCK; row < end; row++) {
    const x = args.x(d, b) + (<usize>(row * args.ldx(d)) << 2);
    const y = args.y(d, b) + (<usize>(row * args.ldy(d)) << 2);
    const top = topOf(x, C);
    let sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      const power = exp(f32x4.sub(v128.load(x + (<usize>c << 2)), top));
      sum = f32x4.add(sum, v128.and(power, lanesBelow(C - c)));
      storeUpTo(y + (<usize>c << 2), power, C - c);
    }
    const total = sumLanes(sum);
    for (let c = 0; c < C; c += 4) {
      const at = y + (<usize>c << 2);
      storeUpTo(at, f32x4.div(v128.load(at), total), C - c);
    }
  }
}

/** The greatest of n floats in every lane. A NaN may be passed over: it returns in the exponentials. */
// @ts-ignore: decorator
@inline
export function topOf(x: usize, n: i32): v128 {
  const none = f32x4.splat(-Infinity);
  let top = none;
  for (let c = 0; c < n; c += 4) {
    top = f32x4.pmax(top, v128.bitselect(v128.load(x + (<usize>c << 2)), none, lanesBelow(n - c)));
  }
  return maxLanes(top);
}

export function softmax_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), end = min(to * BLOCK, rowsOf(b) * backwardArgs.m(d));
  for (let row = from * BLOCK; row < end; row++) {
    const dy = backwardArgs.dy(d, b) + (<usize>(row * backwardArgs.lddy(d)) << 2);
    const y = backwardArgs.y(d, b) + (<usize>(row * backwardArgs.ldy(d)) << 2);
    const dx = backwardArgs.dx(d, b) + (<usize>(row * backwardArgs.lddx(d)) << 2);
    let sum = f32x4.splat(0);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      sum = fma(v128.and(v128.load(dy + at), valid), v128.and(v128.load(y + at), valid), sum);
    }
    const dot = sumLanes(sum);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      storeUpTo(dx + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), dot)), C - c);
    }
  }
}
