// maxpool.ts: maximum over windows clamped to the image, vectorised over channels, and which pixel it was. The first maximum
// in (ky, kx) order wins, and a NaN over all. Not the backward pass.
import { maxpool as args } from "./generated/arguments";
import { storeLanes } from "./lanes";

export function maxpool(d: usize, b: usize, from: i32, to: i32): void {
  const OH = args.OH(d), OW = args.OW(d), C = args.C(d);
  const poolH = args.poolH(d), poolW = args.poolW(d), strideH = args.strideH(d), strideW = args.strideW(d);
  const padTop = args.padTop(d), padLeft = args.padLeft(d), H = args.H(d), W = args.W(d);
  const row = <usize>args.xRow(d) << 2, pixel = <usize>C << 2, wantIndex = args.wantIndex(d);
  const isHalving = poolH == 2 && poolW == 2 && strideH == 2 && strideW == 2 && !padTop && !padLeft &&
    2 * OH <= H && 2 * OW <= W;
  for (let image = from; image < to; image++) {
    const x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2);
    for (let oy = 0; oy < OH; oy++) {
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + oy * args.yRow(d)) << 2);
      let index = args.index(d, b) + <usize>((image * OH + oy) * OW) * C;
      if (isHalving) {
        halveRow(x + <usize>(2 * oy) * row, row, y, index, OW, C, wantIndex);
        continue;
      }
      const top = oy * strideH - padTop, ky0 = max(0, -top), ky1 = min(poolH, H - top);
      for (let ox = 0; ox < OW; ox++) {
        const left = ox * strideW - padLeft, kx0 = max(0, -left), kx1 = min(poolW, W - left);
        const start = x + <usize>(top + ky0) * row + <usize>(left + kx0) * pixel;
        poolPixel(start, row, pixel, y, index, C, ky1 - ky0, kx1 - kx0, ky0 * poolW + kx0, poolW, wantIndex);
        y += pixel;
        index += C;
      }
    }
  }
}

/** One output pixel: a window of rows x columns pixels from x on, whose first has number `first`; a row of numbers is poolW. */
function poolPixel(
  x: usize, row: usize, pixel: usize, y: usize, index: usize,
  C: i32, rows: i32, columns: i32, first: i32, poolW: i32, wantIndex: i32,
): void {
  for (let c = 0; c < C; c += 4) {
    let best = v128.load(x), taps = i32x4.splat(first);
    for (let ky = 0; ky < rows; ky++) {
      let at = x + <usize>ky * row;
      for (let kx = 0; kx < columns; kx++) {
        const value = v128.load(at);
        // greater, or the first NaN: not (value <= best), unless best is a NaN
        const wins = v128.andnot(f32x4.eq(best, best), f32x4.le(value, best));
        best = v128.bitselect(value, best, wins);
        taps = v128.bitselect(i32x4.splat(first + ky * poolW + kx), taps, wins);
        at += pixel;
      }
    }
    const n = C - c;
    if (n >= 4) v128.store(y, best);
    else storeLanes(y, best, n);
    if (wantIndex) storeBytes(index, narrowed(taps), n);
    x += 16;
    y += 16;
    index += 4;
  }
}

/** A row of windows of 2 x 2 pixels that do not overlap: 8 channels at a time, what is left of them by poolPixel. */
function halveRow(x: usize, row: usize, y: usize, index: usize, OW: i32, C: i32, wantIndex: i32): void {
  const pixel = <usize>C << 2, whole = C & ~7;
  let sum0 = f32x4.splat(0), sum1 = sum0;
  let at = x, out = y, bytes = index;
  for (let ox = 0; ox < OW; ox++) {
    for (let c = whole; c > 0; c -= 8) {
      const right = at + pixel, lower = at + row, last = right + row;
      const a0 = v128.load(at, 0), a1 = v128.load(at, 16), b0 = v128.load(right, 0), b1 = v128.load(right, 16);
      const e0 = v128.load(lower, 0), e1 = v128.load(lower, 16), f0 = v128.load(last, 0), f1 = v128.load(last, 16);
      const u0 = f32x4.pmax(a0, b0), u1 = f32x4.pmax(a1, b1), v0 = f32x4.pmax(e0, f0), v1 = f32x4.pmax(e1, f1);
      v128.store(out, f32x4.pmax(u0, v0), 0);
      v128.store(out, f32x4.pmax(u1, v1), 16);
      sum0 = f32x4.add(sum0, sumOf(a0, b0, e0, f0));
      sum1 = f32x4.add(sum1, sumOf(a1, b1, e1, f1));
      if (wantIndex) {
        const t0 = tapOf(a0, b0, e0, f0, u0, v0), t1 = tapOf(a1, b1, e1, f1, u1, v1);
        const words = i16x8.narrow_i32x4_s(t0, t1);
        v128.store64_lane(bytes, i8x16.neg(i8x16.narrow_i16x8_s(words, words)), 0);
      }
      at += 32;
      out += 32;
      bytes += 8;
    }
    const left = C - whole;
    if (left) {
      poolPixel(at, row, pixel, out, bytes, left, 2, 2, 0, 2, wantIndex);
      at += <usize>left << 2;
      out += <usize>left << 2;
      bytes += left;
    }
    at += pixel;
  }
  // pmax loses a NaN: where there may be one, the row is made again
  const sum = f32x4.add(sum0, sum1);
  if (!v128.any_true(f32x4.ne(sum, sum))) return;
  for (let ox = 0; ox < OW; ox++) {
    poolPixel(x, row, pixel, y, index, C, 2, 2, 0, 2, wantIndex);
    x += pixel << 1;
    y += pixel;
    index += C;
  }
}

/** a + b + e + f: NaN if one of them is (or on inf - inf). */
// @ts-ignore: decorator
@inline
function sumOf(a: v128, b: v128, e: v128, f: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(e, f));
}

/** Minus the number of the first maximum among a, b, e, f, with u the greater of a and b, v of e and f. */
// @ts-ignore: decorator
@inline
function tapOf(a: v128, b: v128, e: v128, f: v128, u: v128, v: v128): v128 {
  return v128.bitselect(i32x4.add(f32x4.gt(f, e), i32x4.splat(-2)), f32x4.gt(b, a), f32x4.gt(v, u));
}

/** Four numbers below 256 as bytes. */
// @ts-ignore: decorator
@inline
function narrowed(taps: v128): v128 {
  const words = i16x8.narrow_i32x4_s(taps, taps);
  return i8x16.narrow_i16x8_u(words, words);
}

/** Stores the first min(n, 4) bytes. */
// @ts-ignore: decorator
@inline
function storeBytes(at: usize, bytes: v128, n: i32): void {
  if (n >= 4) {
    v128.store32_lane(at, bytes, 0);
    return;
  }
  v128.store8_lane(at, bytes, 0);
  if (n > 1) v128.store8_lane(at, bytes, 1, 1);
  if (n > 2) v128.store8_lane(at, bytes, 2, 2);
}
