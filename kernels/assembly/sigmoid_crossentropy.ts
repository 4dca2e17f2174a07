// sigmoid_crossentropy.ts: sigmoid fused with binary cross-entropy, a mean over C for each row. In doubles, as its softmax twin.
import { rowsOf, scratchOf } from "./abi";
import { highHalf, joined, lowHalf, sum64, weightAt } from "./doubles";
import { sigmoid_crossentropy as args } from "./generated/arguments";
import { lanesBelow, storeUpTo } from "./lanes";
import { collapse64, leafEnd, push64 } from "./leaves";
import { exp64, log64 } from "./math";

export function sigmoid_crossentropy(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * args.m(d), C = args.C(d), wantGradient = args.wantGradient(d);
  const share = f64x2.splat(<f64>C);
  const keep = f32x4.splat(1 - args.smoothing(d)), add = f32x4.splat(<f32>0.5 * args.smoothing(d));
  const stack = scratchOf(b), m = args.m(d);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const logits = args.logits(d, b) + (<usize>(row * args.ldl(d)) << 2);
    const targets = args.targets(d, b) + (<usize>(row * C) << 2);
    const y = args.y(d, b) + (<usize>(row * args.ldy(d)) << 2);
    const dLogits = args.dLogits(d, b) + (<usize>(row * args.ldd(d)) << 2);
    const weight = weightAt(args.weights(d, b), row, args.hasWeights(d)), scale = f64x2.splat(weight);
    let loss = f64x2.splat(0);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const x = v128.load(logits + at), t = f32x4.add(f32x4.mul(v128.load(targets + at), keep), add);
      const xLow = lowHalf(x), xHigh = highHalf(x), tLow = lowHalf(t), tHigh = highHalf(t);
      loss = f64x2.add(loss, v128.and(lossOf(xLow, tLow), i64x2.extend_low_i32x4_s(valid)));
      loss = f64x2.add(loss, v128.and(lossOf(xHigh, tHigh), i64x2.extend_high_i32x4_s(valid)));
      const pLow = probabilityOf(xLow), pHigh = probabilityOf(xHigh);
      storeUpTo(y + at, joined(pLow, pHigh), C - c);
      if (wantGradient) {
        const low = f64x2.div(f64x2.mul(f64x2.sub(pLow, tLow), scale), share);
        const high = f64x2.div(f64x2.mul(f64x2.sub(pHigh, tHigh), scale), share);
        storeUpTo(dLogits + at, joined(low, high), C - c);
      }
    }
    sum += (weight * sum64(loss)) / <f64>C;
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(args.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}

/** max(x, 0) - x t + log(1 + exp(-|x|)): -t log p - (1 - t) log(1 - p) in a form that does not overflow. */
// @ts-ignore: decorator
@inline
function lossOf(x: v128, t: v128): v128 {
  const zero = f64x2.splat(0);
  const product = v128.andnot(f64x2.mul(x, t), f64x2.eq(t, zero));
  const log = log64(f64x2.add(f64x2.splat(1), exp64(f64x2.neg(f64x2.abs(x)))));
  return f64x2.add(f64x2.sub(f64x2.pmax(x, zero), product), log);
}

/** 1 / (1 + exp(-x)), with the exponential of -|x|. */
// @ts-ignore: decorator
@inline
function probabilityOf(x: v128): v128 {
  const one = f64x2.splat(1), power = exp64(f64x2.neg(f64x2.abs(x)));
  return f64x2.div(v128.bitselect(power, one, f64x2.lt(x, f64x2.splat(0))), f64x2.add(one, power));
}
