// maxpool_backward.ts: gives each gradient to the pixel that was the maximum. Where windows overlap, gradients are added in the
// order of the windows.
import { maxpool_backward as args } from "./generated/arguments";
import { clear, storeUpTo } from "./lanes";

export function maxpool_backward(d: usize, b: usize, from: i32, to: i32): void {
  const OH = args.OH(d), OW = args.OW(d), C = args.C(d);
  const poolH = args.poolH(d), poolW = args.poolW(d), strideH = args.strideH(d), strideW = args.strideW(d);
  const padTop = args.padTop(d), padLeft = args.padLeft(d), H = args.H(d), W = args.W(d);
  const row = <usize>args.dxRow(d) << 2, pixel = <usize>C << 2, mask = args.mask(d);
  const isHalving = poolH == 2 && poolW == 2 && strideH == 2 && strideW == 2 && !padTop && !padLeft &&
    2 * OH <= H && 2 * OW <= W && (C & 7) == 0;
  for (let image = from; image < to; image++) {
    const dx = args.dx(d, b) + (<usize>(image * args.dxImage(d)) << 2);
    // pixels that no window of the fast path writes; the other path adds, so it starts from zeroes
    const columns = isHalving ? 2 * OW : 0, lines = isHalving ? 2 * OH : 0;
    for (let h = 0; h < H; h++) {
      const covered = h < lines ? columns : 0;
      clear(dx + <usize>h * row + <usize>covered * pixel, (W - covered) * C);
    }
    for (let oy = 0; oy < OH; oy++) {
      let dy = args.dy(d, b) + (<usize>(image * args.dyImage(d) + oy * args.dyRow(d)) << 2);
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + oy * args.yRow(d)) << 2);
      let index = args.index(d, b) + <usize>((image * OH + oy) * OW) * C;
      if (isHalving) {
        const upper = dx + <usize>(2 * oy) * row;
        if (mask) doubleRow(true, dy, index, y, upper, row, OW, C);
        else doubleRow(false, dy, index, y, upper, row, OW, C);
        continue;
      }
      const top = oy * strideH - padTop, ky0 = max(0, -top), ky1 = min(poolH, H - top);
      for (let ox = 0; ox < OW; ox++) {
        const left = ox * strideW - padLeft, kx0 = max(0, -left), kx1 = min(poolW, W - left);
        const start = dx + <usize>(top + ky0) * row + <usize>(left + kx0) * pixel;
        spreadPixel(dy, index, y, start, row, pixel, C, ky1 - ky0, kx1 - kx0, ky0 * poolW + kx0, poolW, mask);
        dy += pixel;
        y += pixel;
        index += C;
      }
    }
  }
}

/** Adds one pixel's gradient to its window; the window's arguments are those of maxpool.ts. */
function spreadPixel(
  dy: usize, index: usize, y: usize, dx: usize, row: usize, pixel: usize,
  C: i32, rows: i32, columns: i32, first: i32, poolW: i32, mask: i32,
): void {
  for (let c = 0; c < C; c += 4) {
    let gradient = v128.load(dy);
    if (mask) gradient = v128.andnot(gradient, f32x4.le(v128.load(y), f32x4.splat(0)));
    const taps = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(index)));
    for (let ky = 0; ky < rows; ky++) {
      let at = dx + <usize>ky * row;
      for (let kx = 0; kx < columns; kx++) {
        const mine = i32x4.eq(taps, i32x4.splat(first + ky * poolW + kx));
        storeUpTo(at, f32x4.add(v128.load(at), v128.and(gradient, mine)), C - c);
        at += pixel;
      }
    }
    dy += 16;
    y += 16;
    dx += 16;
    index += 4;
  }
}

/** A row of windows of 2 x 2 pixels that do not overlap, C a multiple of 8: every pixel is written once. */
// @ts-ignore: decorator
@inline
function doubleRow(mask: bool, dy: usize, index: usize, y: usize, dx: usize, row: usize, OW: i32, C: i32): void {
  const pixel = <usize>C << 2;
  for (let ox = 0; ox < OW; ox++) {
    for (let c = 0; c < C; c += 8) {
      let g0 = v128.load(dy, 0), g1 = v128.load(dy, 16);
      if (mask) {
        const zero = f32x4.splat(0), y0 = v128.load(y, 0), y1 = v128.load(y, 16);
        g0 = v128.andnot(g0, f32x4.le(y0, zero));
        g1 = v128.andnot(g1, f32x4.le(y1, zero));
      }
      const words = v128.load8x8_u(index);
      const t0 = i32x4.extend_low_i16x8_u(words), t1 = i32x4.extend_high_i16x8_u(words);
      storeTap(dx, 0, g0, g1, t0, t1);
      storeTap(dx + pixel, 1, g0, g1, t0, t1);
      storeTap(dx + row, 2, g0, g1, t0, t1);
      storeTap(dx + row + pixel, 3, g0, g1, t0, t1);
      dy += 32;
      y += 32;
      index += 8;
      dx += 32;
    }
    dx += pixel;
  }
}

/** Stores the gradients whose number is `tap`, zero elsewhere. */
// @ts-ignore: decorator
@inline
function storeTap(at: usize, tap: i32, g0: v128, g1: v128, t0: v128, t1: v128): void {
  const own = i32x4.splat(tap);
  v128.store(at, v128.and(g0, i32x4.eq(t0, own)), 0);
  v128.store(at, v128.and(g1, i32x4.eq(t1, own)), 16);
}
