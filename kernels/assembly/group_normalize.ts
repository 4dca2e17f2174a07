// group_normalize.ts: each image by the mean and deviation of groups of its channels, over all pixels; gamma and beta on top; and the
// gradients. An image is one thread's. Sums are taken channel by channel, then over a group's channels.
import { fma } from "./abi";
import { paddedBytes } from "./batch_moments";
import { group_normalize as args, group_normalize_backward as backwardArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";

/** Pixels that are added one after another before their sum goes to the image's. */
const RUN: i32 = 64;

// @ts-ignore: decorator
@inline
function weightOr(has: i32, at: usize, otherwise: f32): v128 {
  return has ? v128.load(at) : f32x4.splat(otherwise);
}

/** The sum of a group's `n` channels' values at `sums`, in order. */
// @ts-ignore: decorator
@inline
function sumOfGroup(sums: usize, n: i32): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < n; i++) sum += load<f32>(sums + (<usize>i << 2));
  return sum;
}

// @ts-ignore: decorator
@inline
function fill(at: usize, n: i32, value: f32): void {
  for (let i = 0; i < n; i++) store<f32>(at + (<usize>i << 2), value);
}

/** norm of each image (4, P): scale, shift, mean, 1 / deviation of each channel. Its first rows hold sums while they are made. */
export function group_normalize(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), padded = paddedBytes(C), H = args.H(d), W = args.W(d);
  const groups = args.groups(d), size = C / groups, count = <f32>(H * W * size), xRow = <usize>args.xRow(d) << 2;
  for (let image = from; image < to; image++) {
    const x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2), norm = args.norm(d, b) + 4 * padded * image;
    const means = norm + 2 * padded, inverses = norm + 3 * padded;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      storeUpTo(norm + at, sumColumn(x + at, H, W, C, xRow), C - c);
    }
    for (let group = 0; group < groups; group++) {
      const at = <usize>(group * size) << 2;
      fill(means + at, size, sumOfGroup(norm + at, size) / count);
    }
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      storeUpTo(norm + at, sumSquares(x + at, v128.load(means + at), H, W, C, xRow), C - c);
    }
    for (let group = 0; group < groups; group++) {
      const at = <usize>(group * size) << 2;
      fill(inverses + at, size, <f32>1 / sqrt<f32>(sumOfGroup(norm + at, size) / count + args.epsilon(d)));
    }
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const scale = f32x4.mul(weightOr(args.hasGamma(d), args.gamma(d, b) + at, 1), v128.load(inverses + at));
      const shift = weightOr(args.hasBeta(d), args.beta(d, b) + at, 0);
      storeUpTo(norm + at, scale, C - c);
      storeUpTo(norm + padded + at, fma(f32x4.neg(v128.load(means + at)), scale, shift), C - c);
    }
    for (let h = 0; h < H; h++) {
      let p = x + <usize>h * xRow, q = args.y(d, b) + (<usize>(image * args.yImage(d) + h * args.yRow(d)) << 2);
      for (let w = 0; w < W; w++) {
        for (let c = 0; c < C; c += 4) {
          const at = <usize>c << 2;
          storeUpTo(q + at, fma(v128.load(p + at), v128.load(norm + at), v128.load(norm + padded + at)), C - c);
        }
        p += <usize>C << 2;
        q += <usize>C << 2;
      }
    }
  }
}

/** Four channels' sums over an image's pixels. */
function sumColumn(x: usize, H: i32, W: i32, C: i32, row: usize): v128 {
  let all = f32x4.splat(0);
  for (let h = 0; h < H; h++) {
    let at = x + <usize>h * row;
    for (let w = 0; w < W; w += RUN) {
      let sum = f32x4.splat(0);
      for (let i = w; i < min(W, w + RUN); i++) {
        sum = f32x4.add(sum, v128.load(at));
        at += <usize>C << 2;
      }
      all = f32x4.add(all, sum);
    }
  }
  return all;
}

/** Four channels' sums of (x - mean)^2. */
function sumSquares(x: usize, mean: v128, H: i32, W: i32, C: i32, row: usize): v128 {
  let all = f32x4.splat(0);
  for (let h = 0; h < H; h++) {
    let at = x + <usize>h * row;
    for (let w = 0; w < W; w += RUN) {
      let sum = f32x4.splat(0);
      for (let i = w; i < min(W, w + RUN); i++) {
        const distance = f32x4.sub(v128.load(at), mean);
        sum = fma(distance, distance, sum);
        at += <usize>C << 2;
      }
      all = f32x4.add(all, sum);
    }
  }
  return all;
}

/** Four channels' sums of dy (x - mean). */
function sumProducts(dy: usize, dyRow: usize, x: usize, xRow: usize, mean: v128, H: i32, W: i32, C: i32): v128 {
  let all = f32x4.splat(0);
  for (let h = 0; h < H; h++) {
    let p = dy + <usize>h * dyRow, q = x + <usize>h * xRow;
    for (let w = 0; w < W; w += RUN) {
      let sum = f32x4.splat(0);
      for (let i = w; i < min(W, w + RUN); i++) {
        sum = fma(v128.load(p), f32x4.sub(v128.load(q), mean), sum);
        p += <usize>C << 2;
        q += <usize>C << 2;
      }
      all = f32x4.add(all, sum);
    }
  }
  return all;
}

/** dx = scale dy + f (x - mean) + e, with f and e of each group; partial of each image (2, C): its dGamma and dBeta. */
export function group_normalize_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), padded = paddedBytes(C), H = backwardArgs.H(d), W = backwardArgs.W(d);
  const groups = backwardArgs.groups(d), size = C / groups, count = <f32>(H * W * size);
  const xRow = <usize>backwardArgs.xRow(d) << 2, dyRow = <usize>backwardArgs.dyRow(d) << 2, pixel = <usize>C << 2;
  for (let image = from; image < to; image++) {
    const x = backwardArgs.x(d, b) + (<usize>(image * backwardArgs.xImage(d)) << 2);
    const dy = backwardArgs.dy(d, b) + (<usize>(image * backwardArgs.dyImage(d)) << 2);
    const norm = backwardArgs.norm(d, b) + 4 * padded * image, means = norm + 2 * padded, inverses = norm + 3 * padded;
    const dGamma = backwardArgs.partial(d, b) + 2 * pixel * image, dBeta = dGamma + pixel;
    // the shift is no longer needed: its row takes the factors of x - mean; e goes where a group has its own numbers
    const factors = norm + padded;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const products = sumProducts(dy + at, dyRow, x + at, xRow, v128.load(means + at), H, W, C);
      storeUpTo(dGamma + at, f32x4.mul(products, v128.load(inverses + at)), C - c);
      storeUpTo(dBeta + at, sumColumn(dy + at, H, W, C, dyRow), C - c);
    }
    for (let group = 0; group < groups; group++) {
      const at = <usize>(group * size) << 2, inverse = load<f32>(inverses + at);
      let sum: f32 = 0, product: f32 = 0;
      for (let i: usize = 0; i < <usize>size << 2; i += 4) {
        const gamma: f32 = load<f32>(norm + at + i) / inverse;
        sum += gamma * load<f32>(dBeta + at + i);
        product += gamma * load<f32>(dGamma + at + i);
      }
      fill(factors + at, size, -product / count * inverse * inverse);
      fill(inverses + at, size, -sum / count * inverse);
    }
    if (!backwardArgs.wantInput(d)) continue;
    for (let h = 0; h < H; h++) {
      let p = dy + <usize>h * dyRow, q = x + <usize>h * xRow;
      let r = backwardArgs.dx(d, b) + (<usize>(image * backwardArgs.dxImage(d) + h * backwardArgs.dxRow(d)) << 2);
      for (let w = 0; w < W; w++) {
        for (let c = 0; c < C; c += 4) {
          const at = <usize>c << 2, centered = f32x4.sub(v128.load(q + at), v128.load(means + at));
          const rest = fma(v128.load(factors + at), centered, v128.load(inverses + at));
          storeUpTo(r + at, fma(v128.load(norm + at), v128.load(p + at), rest), C - c);
        }
        p += pixel;
        q += pixel;
        r += pixel;
      }
    }
  }
}
