// softmax_crossentropy.ts: softmax fused with cross-entropy: loss sum, probabilities, gradient. Computed in doubles: the loss of
// a sure prediction is a small difference, and logits are few.
import { rowsOf, scratchOf } from "./abi";
import { highHalf, joined, lowHalf, sum64, weightAt } from "./doubles";
import { softmax_crossentropy as args } from "./generated/arguments";
import { lanesBelow, storeUpTo } from "./lanes";
import { collapse64, leafEnd, push64 } from "./leaves";
import { exp64, log64 } from "./math";
import { topOf } from "./softmax";

export function softmax_crossentropy(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * args.m(d), C = args.C(d), oneHot = args.oneHot(d), wantGradient = args.wantGradient(d);
  const labels = args.labels(d, b);
  const keep = f32x4.splat(1 - args.smoothing(d)), add = f32x4.splat(args.smoothing(d) / <f32>C);
  const stack = scratchOf(b), m = args.m(d);
  let sum: f64 = 0, leaf = 0, depth = 0, share: f64 = 1;
  for (let row = 0; row < rows; row++) {
    const logits = args.logits(d, b) + (<usize>(row * args.ldl(d)) << 2);
    const y = args.y(d, b) + (<usize>(row * args.ldy(d)) << 2);
    const dLogits = args.dLogits(d, b) + (<usize>(row * args.ldd(d)) << 2);
    const label = oneHot ? -1 : load<i32>(labels + (<usize>row << 2));
    if (m > 1 && row % m == 0) share = 1 / <f64>max(1, oneHot ? m : counted(labels + (<usize>row << 2), m));
    // of this row in its sample's mean, times its own
    const weight = f64x2.splat(!oneHot && label < 0 ? 0 : share * weightAt(args.weights(d, b), row, args.hasWeights(d)));
    const top = f64x2.promote_low_f32x4(topOf(logits, C));
    let total = f64x2.splat(0);
    for (let c = 0; c < C; c += 4) {
      const x = logitsAt(logits, c, C);
      total = f64x2.add(total, exp64(f64x2.sub(lowHalf(x), top)));
      total = f64x2.add(total, exp64(f64x2.sub(highHalf(x), top)));
    }
    const norm = f64x2.splat(sum64(total)), log = log64(norm);
    let loss = f64x2.splat(0);
    for (let c = 0; c < C; c += 4) {
      // y and dLogits may lie on the logits: each group is read before it is written
      const x = logitsAt(logits, c, C), t = targetsAt(labels, row, label, oneHot, c, C, keep, add);
      const low = f64x2.sub(lowHalf(x), top), high = f64x2.sub(highHalf(x), top);
      const tLow = lowHalf(t), tHigh = highHalf(t);
      loss = f64x2.add(loss, weighted(tLow, f64x2.sub(log, low)));
      loss = f64x2.add(loss, weighted(tHigh, f64x2.sub(log, high)));
      const pLow = f64x2.div(exp64(low), norm), pHigh = f64x2.div(exp64(high), norm);
      storeUpTo(y + (<usize>c << 2), joined(pLow, pHigh), C - c);
      if (wantGradient) {
        const dLow = f64x2.mul(f64x2.sub(pLow, tLow), weight), dHigh = f64x2.mul(f64x2.sub(pHigh, tHigh), weight);
        storeUpTo(dLogits + (<usize>c << 2), joined(dLow, dHigh), C - c);
      }
    }
    sum += sum64(f64x2.mul(loss, weight));
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(args.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}

/** How many of a sample's m labels are classes: those below 0 do not count. */
function counted(labels: usize, m: i32): i32 {
  let count = 0;
  for (let i = 0; i < m; i++) count += i32(load<i32>(labels + (<usize>i << 2)) >= 0);
  return count;
}

/** Four logits; what lies beyond the row is -inf, whose exponential vanishes. */
// @ts-ignore: decorator
@inline
function logitsAt(logits: usize, c: i32, C: i32): v128 {
  return v128.bitselect(v128.load(logits + (<usize>c << 2)), f32x4.splat(-Infinity), lanesBelow(C - c));
}

/** Four targets, smoothed: floats, or 1 at the label. 0 beyond the row. */
// @ts-ignore: decorator
@inline
function targetsAt(labels: usize, row: i32, label: i32, oneHot: i32, c: i32, C: i32, keep: v128, add: v128): v128 {
  const t = oneHot
    ? v128.load(labels + (<usize>(row * C + c) << 2))
    : v128.and(i32x4.eq(i32x4.splat(label - c), i32x4(0, 1, 2, 3)), f32x4.splat(1));
  return v128.and(f32x4.add(f32x4.mul(t, keep), add), lanesBelow(C - c));
}

/** t * value, and 0 where t is 0, even if value is infinite. */
// @ts-ignore: decorator
@inline
function weighted(t: v128, value: v128): v128 {
  return v128.andnot(f64x2.mul(t, value), f64x2.eq(t, f64x2.splat(0)));
}
