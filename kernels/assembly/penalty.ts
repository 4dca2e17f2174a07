// penalty.ts: what regularisers add: the penalty of weights, in doubles, a sum a tile; its part of the loss; and its gradient, as sums of
// a gradient are kept: times the rows. Not which weights have one.
import { rowsOf, scratchOf } from "./abi";
import { highHalf, lowHalf, sum64 } from "./doubles";
import { penalty as args, penalty_gradient as gradientArgs, penalty_loss as lossArgs } from "./generated/arguments";
import { lanesBelow, storeUpTo } from "./lanes";
import { collapse64, leafCount, leafEnd, push64 } from "./leaves";
import { TILE } from "./reduce";

export function penalty(d: usize, b: usize, from: i32, to: i32): void {
  const l1 = f64x2.splat(<f64>args.l1(d)), l2 = f64x2.splat(<f64>args.l2(d)), count = args.count(d);
  for (let tile = from; tile < to; tile++) {
    const end = min((tile + 1) * TILE, count);
    let sum = f64x2.splat(0);
    for (let i = tile * TILE; i < end; i += 4) {
      const w = v128.and(v128.load(args.source(d, b) + (<usize>i << 2)), lanesBelow(end - i));
      sum = f64x2.add(sum, each(lowHalf(w), l1, l2));
      sum = f64x2.add(sum, each(highHalf(w), l1, l2));
    }
    store<f64>(args.sums(d, b) + (<usize>tile << 3), sum64(sum));
  }
}

/** l1 |w| + l2 w^2 */
// @ts-ignore: decorator
@inline
function each(w: v128, l1: v128, l2: v128): v128 {
  return f64x2.add(f64x2.mul(l1, f64x2.abs(w)), f64x2.mul(l2, f64x2.mul(w, w)));
}

export function penalty_loss(d: usize, b: usize, from: i32, to: i32): void {
  const stack = scratchOf(b), leaves = leafCount(b);
  let whole: f64 = 0, depth = 0, begin = 0;
  for (let i = 0; i < lossArgs.count(d); i++) whole += load<f64>(lossArgs.sums(d, b) + (<usize>i << 3));
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = leafEnd(b, leaf);
    depth = push64(stack, depth, leaf, whole * <f64>(end - begin));
    begin = end;
  }
  store<f64>(lossArgs.sum(d, b), collapse64(stack, depth));
}

export function penalty_gradient(d: usize, b: usize, from: i32, to: i32): void {
  const count = gradientArgs.count(d), end = min(to * TILE, count);
  const rows = v128.load32_splat(gradientArgs.scalars(d, b));
  const l1 = f32x4.mul(rows, f32x4.splat(gradientArgs.l1(d))), l2 = f32x4.mul(rows, f32x4.splat(2 * gradientArgs.l2(d)));
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let i = from * TILE; i < end; i += 4) {
    const at = <usize>i << 2, p = v128.load(gradientArgs.p(d, b) + at);
    const sign = f32x4.sub(v128.and(f32x4.gt(p, zero), one), v128.and(f32x4.lt(p, zero), one));
    storeUpTo(gradientArgs.out(d, b) + at, f32x4.add(f32x4.mul(l1, sign), f32x4.mul(l2, p)), end - i);
  }
}
