// focal.ts: cross-entropy whose sure outputs weigh less, by (1 - p)^gamma: behind a softmax, and behind sigmoids. In doubles, as Keras
// with probabilities between 1e-7 and 1 - 1e-7. Source: Lin et al. (2017).
import { rowsOf, scratchOf } from "./abi";
import { highHalf, joined, lowHalf, sum64, weightAt } from "./doubles";
import { sigmoid_focal as sigmoidArgs, softmax_focal as softmaxArgs } from "./generated/arguments";
import { lanesBelow, storeUpTo } from "./lanes";
import { collapse64, leafEnd, push64 } from "./leaves";
import { exp64, log64 } from "./math";
import { topOf } from "./softmax";

// @ts-ignore: decorator
@inline
function f(x: f64): v128 {
  return f64x2.splat(x);
}

// @ts-ignore: decorator
@inline
function bounded(p: v128): v128 {
  return f64x2.min(f64x2.max(p, f(1e-7)), f(1 - 1e-7));
}

/** (1 - p)^gamma */
// @ts-ignore: decorator
@inline
function modulation(p: v128, gamma: v128): v128 {
  return exp64(f64x2.mul(gamma, log64(f64x2.sub(f(1), p))));
}

/** Slope of -(1 - p)^gamma log p along p; 0 where p is kept in bounds. */
// @ts-ignore: decorator
@inline
function slopeOf(raw: v128, gamma: v128): v128 {
  const p = bounded(raw), rest = f64x2.sub(f(1), p), power = modulation(p, gamma);
  const slope = f64x2.sub(f64x2.div(f64x2.mul(f64x2.mul(gamma, power), log64(p)), rest), f64x2.div(power, p));
  return v128.and(slope, f64x2.eq(p, raw));
}

/** Half a vector of a row of logits after the softmax; 0 beyond the row. */
// @ts-ignore: decorator
@inline
function probability(x: v128, top: v128, norm: v128): v128 {
  return f64x2.div(exp64(f64x2.sub(x, top)), norm);
}

export function softmax_focal(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * softmaxArgs.m(d), C = softmaxArgs.C(d), m = softmaxArgs.m(d), stack = scratchOf(b);
  const gamma = f(<f64>softmaxArgs.gamma(d)), smoothing = softmaxArgs.smoothing(d), scale: f64 = 1 / <f64>softmaxArgs.over(d);
  const keep = f32x4.splat(1 - smoothing), add = f32x4.splat(smoothing / <f32>C);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const logits = softmaxArgs.logits(d, b) + (<usize>(row * C) << 2), targets = softmaxArgs.labels(d, b) + (<usize>(row * C) << 2);
    const y = softmaxArgs.y(d, b) + (<usize>(row * C) << 2), dLogits = softmaxArgs.dLogits(d, b) + (<usize>(row * C) << 2);
    const weight = scale * <f64>softmaxArgs.alpha(d) * weightAt(softmaxArgs.weights(d, b), row, softmaxArgs.hasWeights(d));
    const top = f64x2.promote_low_f32x4(topOf(logits, C));
    let total = f(0);
    for (let c = 0; c < C; c += 4) {
      const x = v128.bitselect(v128.load(logits + (<usize>c << 2)), f32x4.splat(-Infinity), lanesBelow(C - c));
      total = f64x2.add(total, exp64(f64x2.sub(lowHalf(x), top)));
      total = f64x2.add(total, exp64(f64x2.sub(highHalf(x), top)));
    }
    const norm = f(sum64(total));
    let loss = f(0), pull = f(0); // pull: sum of p dL/dp
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const x = v128.bitselect(v128.load(logits + at), f32x4.splat(-Infinity), valid);
      const t = v128.and(f32x4.add(f32x4.mul(v128.load(targets + at), keep), add), valid);
      const p0 = probability(lowHalf(x), top, norm), p1 = probability(highHalf(x), top, norm);
      const q0 = bounded(p0), q1 = bounded(p1);
      loss = f64x2.sub(loss, f64x2.mul(lowHalf(t), f64x2.mul(modulation(q0, gamma), log64(q0))));
      loss = f64x2.sub(loss, f64x2.mul(highHalf(t), f64x2.mul(modulation(q1, gamma), log64(q1))));
      pull = f64x2.add(pull, f64x2.mul(p0, f64x2.mul(lowHalf(t), slopeOf(p0, gamma))));
      pull = f64x2.add(pull, f64x2.mul(p1, f64x2.mul(highHalf(t), slopeOf(p1, gamma))));
    }
    const all = f(sum64(pull)), factor = f(weight);
    for (let c = 0; c < C; c += 4) {
      // y and dLogits may lie on the logits: each group is read before it is written
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const x = v128.bitselect(v128.load(logits + at), f32x4.splat(-Infinity), valid);
      const t = v128.and(f32x4.add(f32x4.mul(v128.load(targets + at), keep), add), valid);
      const p0 = probability(lowHalf(x), top, norm), p1 = probability(highHalf(x), top, norm);
      storeUpTo(y + at, joined(p0, p1), C - c);
      if (softmaxArgs.wantGradient(d)) {
        const s0 = f64x2.sub(f64x2.mul(lowHalf(t), slopeOf(p0, gamma)), all);
        const s1 = f64x2.sub(f64x2.mul(highHalf(t), slopeOf(p1, gamma)), all);
        storeUpTo(dLogits + at, joined(f64x2.mul(factor, f64x2.mul(p0, s0)), f64x2.mul(factor, f64x2.mul(p1, s1))), C - c);
      }
    }
    sum += weight * sum64(loss);
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(softmaxArgs.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}

/** Of one half: t of the side that is right, with its balance, and the same of the other side. */
export function sigmoid_focal(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * sigmoidArgs.m(d), C = sigmoidArgs.C(d), m = sigmoidArgs.m(d), stack = scratchOf(b);
  const gamma = f(<f64>sigmoidArgs.gamma(d)), smoothing = sigmoidArgs.smoothing(d), over = <f64>sigmoidArgs.over(d);
  const keep = f32x4.splat(1 - smoothing), add = f32x4.splat(<f32>0.5 * smoothing);
  const one = f(<f64>sigmoidArgs.ofOne(d)), zero = f(<f64>sigmoidArgs.ofZero(d));
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const logits = sigmoidArgs.logits(d, b) + (<usize>(row * C) << 2), targets = sigmoidArgs.labels(d, b) + (<usize>(row * C) << 2);
    const y = sigmoidArgs.y(d, b) + (<usize>(row * C) << 2), dLogits = sigmoidArgs.dLogits(d, b) + (<usize>(row * C) << 2);
    const weight = weightAt(sigmoidArgs.weights(d, b), row, sigmoidArgs.hasWeights(d)) / over, factor = f(weight);
    let loss = f(0);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const x = v128.load(logits + at), t = f32x4.add(f32x4.mul(v128.load(targets + at), keep), add);
      const p0 = sigmoid64(lowHalf(x)), p1 = sigmoid64(highHalf(x));
      const l0 = binary(p0, lowHalf(t), one, zero, gamma), l1 = binary(p1, highHalf(t), one, zero, gamma);
      loss = f64x2.add(loss, v128.and(l0, i64x2.extend_low_i32x4_s(valid)));
      loss = f64x2.add(loss, v128.and(l1, i64x2.extend_high_i32x4_s(valid)));
      storeUpTo(y + at, joined(p0, p1), C - c);
      if (sigmoidArgs.wantGradient(d)) {
        const s0 = binarySlope(p0, lowHalf(t), one, zero, gamma), s1 = binarySlope(p1, highHalf(t), one, zero, gamma);
        storeUpTo(dLogits + at, joined(f64x2.mul(factor, s0), f64x2.mul(factor, s1)), C - c);
      }
    }
    sum += weight * sum64(loss);
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(sigmoidArgs.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}

/** 1 / (1 + exp(-x)), with the exponential of -|x|. */
// @ts-ignore: decorator
@inline
function sigmoid64(x: v128): v128 {
  const power = exp64(f64x2.neg(f64x2.abs(x)));
  return f64x2.div(v128.bitselect(power, f(1), f64x2.lt(x, f(0))), f64x2.add(f(1), power));
}

/** Keras': the factor (1 - r)^gamma of r = t p + (1 - t)(1 - p), times the balance, times the cross-entropy. */
// @ts-ignore: decorator
@inline
function binary(raw: v128, t: v128, one: v128, zero: v128, gamma: v128): v128 {
  const p = bounded(raw), rest = f64x2.sub(f(1), p), other = f64x2.sub(f(1), t);
  const right = f64x2.add(f64x2.mul(t, p), f64x2.mul(other, rest));
  const entropy = f64x2.neg(f64x2.add(f64x2.mul(t, log64(p)), f64x2.mul(other, log64(rest))));
  const balance = f64x2.add(f64x2.mul(t, one), f64x2.mul(other, zero));
  return f64x2.mul(balance, f64x2.mul(modulation(right, gamma), entropy));
}

/** Its slope along the logit. */
// @ts-ignore: decorator
@inline
function binarySlope(raw: v128, t: v128, one: v128, zero: v128, gamma: v128): v128 {
  const p = bounded(raw), rest = f64x2.sub(f(1), p), other = f64x2.sub(f(1), t);
  const right = f64x2.add(f64x2.mul(t, p), f64x2.mul(other, rest)), wrong = f64x2.sub(f(1), right);
  const entropy = f64x2.neg(f64x2.add(f64x2.mul(t, log64(p)), f64x2.mul(other, log64(rest))));
  const balance = f64x2.add(f64x2.mul(t, one), f64x2.mul(other, zero)), power = modulation(right, gamma);
  // along p: power' entropy + power entropy'; then times p (1 - p)
  const steep = f64x2.div(f64x2.mul(f64x2.mul(gamma, power), f64x2.sub(other, t)), wrong);
  const falling = f64x2.sub(f64x2.div(other, rest), f64x2.div(t, p));
  const slope = f64x2.mul(balance, f64x2.add(f64x2.mul(steep, entropy), f64x2.mul(power, falling)));
  return v128.and(f64x2.mul(slope, f64x2.mul(p, rest)), f64x2.eq(p, raw));
}
