// prelu.ts: relu with a learned slope for each column of a matrix, and its gradients; the slopes' own is then a sum of columns.
import { rowsOf } from "./abi";
import { prelu as args, prelu_backward as backwardArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";

/** Rows of M that a tile covers (signatures.ts). */
const BLOCK: i32 = 16;

export function prelu(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), end = min(to * BLOCK, rowsOf(b) * args.m(d)), alpha = args.alpha(d, b);
  for (let row = from * BLOCK; row < end; row++) {
    const at = <usize>(row * C) << 2, x = args.x(d, b) + at, y = args.y(d, b) + at;
    for (let c = 0; c < C; c += 4) {
      const i = <usize>c << 2, v = v128.load(x + i);
      storeUpTo(y + i, v128.bitselect(v, f32x4.mul(v128.load(alpha + i), v), positiveLanes(v)), C - c);
    }
  }
}

export function prelu_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), end = min(to * BLOCK, rowsOf(b) * backwardArgs.m(d)), alpha = backwardArgs.alpha(d, b);
  for (let row = from * BLOCK; row < end; row++) {
    const at = <usize>(row * C) << 2, x = backwardArgs.x(d, b) + at, dy = backwardArgs.dy(d, b) + at;
    const dx = backwardArgs.dx(d, b) + at, t = backwardArgs.t(d, b) + at;
    for (let c = 0; c < C; c += 4) {
      const i = <usize>c << 2, v = v128.load(x + i), g = v128.load(dy + i), above = positiveLanes(v);
      const slope = v128.load(alpha + i);
      storeUpTo(t + i, v128.andnot(f32x4.mul(g, v), above), C - c);
      storeUpTo(dx + i, v128.bitselect(g, f32x4.mul(slope, g), above), C - c); // dx may be dy
    }
  }
}

// @ts-ignore: decorator
@inline
function positiveLanes(v: v128): v128 {
  return f32x4.gt(v, f32x4.splat(0));
}
