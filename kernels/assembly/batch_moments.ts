// batch_moments.ts: sums over the pixels of a micro-shard for each channel, block by block: each block's own sums go to memory, and
// batch_statistics.ts adds them in order, so that it does not matter which thread made which.
import { fma, rowsOf, scratchOf } from "./abi";
import { batch_moments as args, batch_moments_backward as backwardArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { gated, gateScale, gateShift } from "./batch_normalize";

/** Pixels of a tile, and channels that are summed side by side (signatures.ts). */
export const BLOCK: i32 = 128;
export const PANEL: i32 = 16;

/** Bytes of a row of C channels, rounded up to panels. */
// @ts-ignore: decorator
@inline
export function paddedBytes(C: i32): usize {
  return <usize>((C + PANEL - 1) & -PANEL) << 2;
}

/** The first of C channels of pixel p, counted through all images; strides in bytes. */
// @ts-ignore: decorator
@inline
function pixelAt(base: usize, p: i32, H: i32, W: i32, image: usize, row: usize, step: usize): usize {
  const perImage = H * W, inside = p % perImage;
  return base + <usize>(p / perImage) * image + <usize>(inside / W) * row + <usize>(inside % W) * step;
}

/** Pixels from p on, below end, that lie side by side. */
// @ts-ignore: decorator
@inline
function runFrom(p: i32, end: i32, W: i32, whole: bool): i32 {
  return whole ? end - p : min(end - p, W - p % W);
}

export function batch_moments(d: usize, b: usize, from: i32, to: i32): void {
  const H = args.H(d), W = args.W(d), C = args.C(d), all = rowsOf(b) * H * W;
  const step = <usize>C << 2, image = <usize>args.xImage(d) << 2, row = <usize>args.xRow(d) << 2;
  const whole = row == <usize>W * step && image == <usize>H * row;
  const padded = paddedBytes(C), sums = scratchOf(b), squares = sums + 64, mean = sums + 128;
  for (let tile = from; tile < to; tile++) {
    const first = tile * BLOCK, end = min(all, first + BLOCK);
    const inverse = f32x4.splat(<f32>1 / <f32>(end - first));
    for (let c = 0; c < C; c += PANEL) {
      const x = args.x(d, b) + (<usize>c << 2);
      const partial = args.partial(d, b) + <usize>(2 * tile) * padded + (<usize>c << 2);
      clear(sums);
      for (let p = first, n = 0; p < end; p += n) {
        n = runFrom(p, end, W, whole);
        addValues(sums, pixelAt(x, p, H, W, image, row, step), step, n);
      }
      for (let at: usize = 0; at < 64; at += 16) v128.store(mean + at, f32x4.mul(v128.load(sums + at), inverse));
      clear(squares);
      for (let p = first, n = 0; p < end; p += n) {
        n = runFrom(p, end, W, whole);
        addSquares(squares, mean, pixelAt(x, p, H, W, image, row, step), step, n);
      }
      storePanel(partial, sums, C - c);
      storePanel(partial + padded, squares, C - c);
    }
  }
}

export function batch_moments_backward(d: usize, b: usize, from: i32, to: i32): void {
  const H = backwardArgs.H(d), W = backwardArgs.W(d), C = backwardArgs.C(d), all = rowsOf(b) * H * W;
  const step = <usize>C << 2, relu = backwardArgs.relu(d) != 0;
  const dyImage = <usize>backwardArgs.dyImage(d) << 2, dyRow = <usize>backwardArgs.dyRow(d) << 2;
  const xImage = <usize>backwardArgs.xImage(d) << 2, xRow = <usize>backwardArgs.xRow(d) << 2;
  const line = <usize>W * step, plane = <usize>H * line;
  const whole = dyRow == line && xRow == line && dyImage == plane && xImage == plane;
  const padded = paddedBytes(C), sums = scratchOf(b), products = sums + 64;
  for (let tile = from; tile < to; tile++) {
    const first = tile * BLOCK, end = min(all, first + BLOCK);
    for (let c = 0; c < C; c += PANEL) {
      const channel = <usize>c << 2, norm = backwardArgs.norm(d, b) + channel;
      const dy = backwardArgs.dy(d, b) + channel, x = backwardArgs.x(d, b) + channel;
      const partial = backwardArgs.partial(d, b) + <usize>(2 * tile) * padded + channel;
      clear(sums);
      clear(products);
      for (let p = first, n = 0; p < end; p += n) {
        n = runFrom(p, end, W, whole);
        const dyAt = pixelAt(dy, p, H, W, dyImage, dyRow, step), xAt = pixelAt(x, p, H, W, xImage, xRow, step);
        addProducts(sums, products, norm, padded, dyAt, xAt, step, n, relu);
      }
      storePanel(partial, sums, C - c);
      storePanel(partial + padded, products, C - c);
    }
  }
}

/** Stores the first n of sixteen channels. */
// @ts-ignore: decorator
@inline
function storePanel(to: usize, from: usize, n: i32): void {
  for (let at: usize = 0; at < 64; at += 16) {
    if (n > 0) storeUpTo(to + at, v128.load(from + at), n);
    n -= 4;
  }
}

// @ts-ignore: decorator
@inline
function clear(at: usize): void {
  const zero = i32x4.splat(0);
  v128.store(at, zero);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
}

/** Adds n pixels of sixteen channels to `sums`. */
function addValues(sums: usize, x: usize, step: usize, n: i32): void {
  let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
  for (; n > 0; n--) {
    s0 = f32x4.add(s0, v128.load(x, 0));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
    x += step;
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
}

/** Adds the squares of their distances from `mean`. */
function addSquares(sums: usize, mean: usize, x: usize, step: usize, n: i32): void {
  const m0 = v128.load(mean), m1 = v128.load(mean, 16), m2 = v128.load(mean, 32), m3 = v128.load(mean, 48);
  let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
  for (; n > 0; n--) {
    const d0 = f32x4.sub(v128.load(x, 0), m0), d1 = f32x4.sub(v128.load(x, 16), m1);
    const d2 = f32x4.sub(v128.load(x, 32), m2), d3 = f32x4.sub(v128.load(x, 48), m3);
    s0 = fma(d0, d0, s0);
    s1 = fma(d1, d1, s1);
    s2 = fma(d2, d2, s2);
    s3 = fma(d3, d3, s3);
    x += step;
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
}

/** Adds dy of n pixels of sixteen channels to `sums`, and dy * (x - mean) to `products`. */
function addProducts(
  sums: usize, products: usize, norm: usize, padded: usize, dy: usize, x: usize, step: usize, n: i32, relu: bool,
): void {
  for (let at: usize = 0; at < 64; at += 32) {
    const scale0 = gateScale(norm + at, relu), scale1 = gateScale(norm + at + 16, relu);
    const shift0 = gateShift(norm + padded + at, relu), shift1 = gateShift(norm + padded + at + 16, relu);
    const mean0 = v128.load(norm + 2 * padded + at), mean1 = v128.load(norm + 2 * padded + at, 16);
    const first = sums + at, second = products + at;
    let s0 = v128.load(first), s1 = v128.load(first, 16), t0 = v128.load(second), t1 = v128.load(second, 16);
    let dyAt = dy + at, xAt = x + at;
    for (let i = n; i > 0; i--) {
      const x0 = v128.load(xAt, 0), x1 = v128.load(xAt, 16);
      const g0 = gated(v128.load(dyAt, 0), x0, scale0, shift0), g1 = gated(v128.load(dyAt, 16), x1, scale1, shift1);
      s0 = f32x4.add(s0, g0);
      s1 = f32x4.add(s1, g1);
      t0 = fma(g0, f32x4.sub(x0, mean0), t0);
      t1 = fma(g1, f32x4.sub(x1, mean1), t1);
      dyAt += step;
      xAt += step;
    }
    v128.store(first, s0);
    v128.store(first, s1, 16);
    v128.store(second, t0);
    v128.store(second, t1, 16);
  }
}
