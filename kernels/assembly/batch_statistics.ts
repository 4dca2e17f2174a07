// batch_statistics.ts: from the blocks' sums (batch_moments.ts) to what each channel is normalised with, and to its gradients. One
// vector of channels at a time, blocks always in the same order.
import { fma, rowsOf } from "./abi";
import { BLOCK, PANEL, paddedBytes } from "./batch_moments";
import {
  batch_inference as inferenceArgs,
  batch_statistics as args,
  batch_statistics_backward as backwardArgs,
} from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { climb } from "./reduce";

/** Blocks that are added in a row before their sum is added to the total: few additions in a row, so few roundings. */
const GROUP: i32 = 32;

/** The sum over `count` blocks, `stride` bytes apart. */
function total(partial: usize, stride: usize, count: i32): v128 {
  let all = f32x4.splat(0);
  for (let first = 0; first < count; first += GROUP) {
    let sum = f32x4.splat(0);
    for (let block = first; block < min(count, first + GROUP); block++) {
      sum = f32x4.add(sum, v128.load(partial + <usize>block * stride));
    }
    all = f32x4.add(all, sum);
  }
  return all;
}

/** The sum of squares around `mean` over `count` blocks of `pixels` pixels in all: each around its own, and its own around that. */
function totalSquares(partial: usize, padded: usize, count: i32, pixels: i32, mean: v128): v128 {
  let all = f32x4.splat(0);
  for (let first = 0; first < count; first += GROUP) {
    let sum = f32x4.splat(0);
    for (let block = first; block < min(count, first + GROUP); block++) {
      const at = partial + <usize>(2 * block) * padded;
      const n = f32x4.splat(<f32>min(BLOCK, pixels - block * BLOCK));
      const distance = f32x4.sub(f32x4.div(v128.load(at), n), mean);
      sum = f32x4.add(sum, fma(f32x4.mul(n, distance), distance, v128.load(at + padded)));
    }
    all = f32x4.add(all, sum);
  }
  return all;
}

// @ts-ignore: decorator
@inline
function deviationOf(variance: v128, epsilon: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
}

/** Stores what the first n of four channels are normalised with. */
// @ts-ignore: decorator
@inline
function storeNorm(norm: usize, padded: usize, mean: v128, inverse: v128, gamma: v128, beta: v128, n: i32): void {
  const scale = f32x4.mul(gamma, inverse);
  storeUpTo(norm, scale, n);
  storeUpTo(norm + padded, fma(f32x4.neg(mean), scale, beta), n);
  storeUpTo(norm + 2 * padded, mean, n);
  storeUpTo(norm + 3 * padded, inverse, n);
}

// @ts-ignore: decorator
@inline
function weightOr(has: i32, at: usize, otherwise: f32): v128 {
  return has ? v128.load(at) : f32x4.splat(otherwise);
}

export function batch_statistics(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), rows = rowsOf(b), pixels = rows * args.H(d) * args.W(d);
  const padded = paddedBytes(C), blocks = (pixels + BLOCK - 1) / BLOCK;
  const n = f32x4.splat(<f32>pixels), weight = f32x4.splat(<f32>rows);
  for (let c = from * PANEL; c < min(to * PANEL, C); c += 4) {
    const channel = <usize>c << 2, partial = args.partial(d, b) + channel;
    const mean = f32x4.div(total(partial, 2 * padded, blocks), n);
    const variance = f32x4.div(totalSquares(partial, padded, blocks, pixels, mean), n);
    const gamma = weightOr(args.hasGamma(d), args.gamma(d, b) + channel, 1);
    const beta = weightOr(args.hasBeta(d), args.beta(d, b) + channel, 0);
    storeNorm(args.norm(d, b) + channel, padded, mean, deviationOf(variance, args.epsilon(d)), gamma, beta, C - c);
    const ofMean = climb(b, args.meanSumOffset(d) + channel, f32x4.mul(weight, mean));
    const ofVariance = climb(b, args.varianceSumOffset(d) + channel, f32x4.mul(weight, variance));
    storeUpTo(args.meanSum(d, b) + channel, ofMean, C - c);
    storeUpTo(args.varianceSum(d, b) + channel, ofVariance, C - c);
  }
}

export function batch_inference(d: usize, b: usize, from: i32, to: i32): void {
  const C = inferenceArgs.C(d), padded = paddedBytes(C);
  for (let c = from * PANEL; c < min(to * PANEL, C); c += 4) {
    const channel = <usize>c << 2;
    const mean = v128.load(inferenceArgs.mean(d, b) + channel);
    const inverse = deviationOf(v128.load(inferenceArgs.variance(d, b) + channel), inferenceArgs.epsilon(d));
    const gamma = weightOr(inferenceArgs.hasGamma(d), inferenceArgs.gamma(d, b) + channel, 1);
    const beta = weightOr(inferenceArgs.hasBeta(d), inferenceArgs.beta(d, b) + channel, 0);
    storeNorm(inferenceArgs.norm(d, b) + channel, padded, mean, inverse, gamma, beta, C - c);
  }
}

/** dx = scale (dy - mean of dy - (x - mean) / variance * mean of dy (x - mean)): the factors of x - mean, and what is left. */
export function batch_statistics_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), pixels = rowsOf(b) * backwardArgs.H(d) * backwardArgs.W(d);
  const padded = paddedBytes(C), blocks = (pixels + BLOCK - 1) / BLOCK, n = f32x4.splat(<f32>pixels);
  for (let c = from * PANEL; c < min(to * PANEL, C); c += 4) {
    const channel = <usize>c << 2, partial = backwardArgs.partial(d, b) + channel;
    const norm = backwardArgs.norm(d, b) + channel, factors = backwardArgs.factors(d, b) + channel;
    const sum = total(partial, 2 * padded, blocks), product = total(partial + padded, 2 * padded, blocks);
    const scale = f32x4.div(f32x4.neg(v128.load(norm)), n), inverse = v128.load(norm + 3 * padded);
    const normalised = f32x4.mul(product, inverse); // the sum of dy times the normalised x
    storeUpTo(factors, f32x4.mul(scale, f32x4.mul(normalised, inverse)), C - c);
    storeUpTo(factors + padded, f32x4.mul(scale, sum), C - c);
    if (backwardArgs.hasGamma(d)) {
      const dGamma = climb(b, backwardArgs.dGammaOffset(d) + channel, normalised);
      storeUpTo(backwardArgs.dGamma(d, b) + channel, dGamma, C - c);
    }
    if (backwardArgs.hasBeta(d)) {
      const dBeta = climb(b, backwardArgs.dBetaOffset(d) + channel, sum);
      storeUpTo(backwardArgs.dBeta(d, b) + channel, dBeta, C - c);
    }
  }
}
