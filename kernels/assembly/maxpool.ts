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
    if (wantIndex) storeBytes(index, narrowed(taps, taps, taps, taps), n);
    x += 16;
    y += 16;
    index += 4;
  }
}

/** A row of windows of 2 x 2 pixels that do not overlap: 16 channels at a time, then 4. */
function halveRow(x: usize, row: usize, y: usize, index: usize, OW: i32, C: i32, wantIndex: i32): void {
  const pixel = <usize>C << 2;
  for (let ox = 0; ox < OW; ox++) {
    let c = C, p = x, q = x + pixel, out = y, bytes = index;
    let sum0 = f32x4.splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (; c >= 16; c -= 16) {
      const a0 = v128.load(p, 0), a1 = v128.load(p, 16), a2 = v128.load(p, 32), a3 = v128.load(p, 48);
      const b0 = v128.load(q, 0), b1 = v128.load(q, 16), b2 = v128.load(q, 32), b3 = v128.load(q, 48);
      const e = p + row, f = q + row;
      const e0 = v128.load(e, 0), e1 = v128.load(e, 16), e2 = v128.load(e, 32), e3 = v128.load(e, 48);
      const f0 = v128.load(f, 0), f1 = v128.load(f, 16), f2 = v128.load(f, 32), f3 = v128.load(f, 48);
      const u0 = f32x4.pmax(a0, b0), u1 = f32x4.pmax(a1, b1), u2 = f32x4.pmax(a2, b2), u3 = f32x4.pmax(a3, b3);
      const v0 = f32x4.pmax(e0, f0), v1 = f32x4.pmax(e1, f1), v2 = f32x4.pmax(e2, f2), v3 = f32x4.pmax(e3, f3);
      v128.store(out, f32x4.pmax(u0, v0), 0);
      v128.store(out, f32x4.pmax(u1, v1), 16);
      v128.store(out, f32x4.pmax(u2, v2), 32);
      v128.store(out, f32x4.pmax(u3, v3), 48);
      sum0 = f32x4.add(sum0, sumOf(a0, b0, e0, f0));
      sum1 = f32x4.add(sum1, sumOf(a1, b1, e1, f1));
      sum2 = f32x4.add(sum2, sumOf(a2, b2, e2, f2));
      sum3 = f32x4.add(sum3, sumOf(a3, b3, e3, f3));
      if (wantIndex) {
        const t0 = tapOf(a0, b0, e0, f0, u0, v0), t1 = tapOf(a1, b1, e1, f1, u1, v1);
        const t2 = tapOf(a2, b2, e2, f2, u2, v2), t3 = tapOf(a3, b3, e3, f3, u3, v3);
        v128.store(bytes, narrowed(t0, t1, t2, t3));
      }
      p += 64;
      q += 64;
      out += 64;
      bytes += 16;
    }
    // what is left of the channels; also the whole pixel if it may hold a NaN, which pmax would lose
    const sum = f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3));
    const isOdd = v128.any_true(f32x4.ne(sum, sum));
    if (isOdd) poolPixel(x, row, pixel, y, index, C, 2, 2, 0, 2, wantIndex);
    else if (c) poolPixel(p, row, pixel, out, bytes, c, 2, 2, 0, 2, wantIndex);
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

/** Number of the first maximum among a, b, e, f, with u the greater of a and b, v of e and f. */
// @ts-ignore: decorator
@inline
function tapOf(a: v128, b: v128, e: v128, f: v128, u: v128, v: v128): v128 {
  const upper = i32x4.neg(f32x4.gt(b, a)), lower = i32x4.sub(i32x4.splat(2), f32x4.gt(f, e));
  return v128.bitselect(lower, upper, f32x4.gt(v, u));
}

/** 16 numbers below 256 as bytes. */
// @ts-ignore: decorator
@inline
function narrowed(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
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
