// maxpool_gradient.ts: the gradient of max pooling from its input alone: each window's first maximum, a NaN over all, is looked for anew,
// so windows may have any size. Where the forward pass kept which pixel it was: maxpool_backward.ts.
import { maxpool_gradient as args } from "./generated/arguments";
import { clear, storeUpTo } from "./lanes";

export function maxpool_gradient(d: usize, b: usize, from: i32, to: i32): void {
  const OH = args.OH(d), OW = args.OW(d), C = args.C(d), H = args.H(d), W = args.W(d);
  const poolH = args.poolH(d), poolW = args.poolW(d), strideH = args.strideH(d), strideW = args.strideW(d);
  const padTop = args.padTop(d), padLeft = args.padLeft(d), pixel = <usize>C << 2;
  const xRow = <usize>args.xRow(d) << 2, dxRow = <usize>args.dxRow(d) << 2;
  for (let image = from; image < to; image++) {
    const x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2);
    const dx = args.dx(d, b) + (<usize>(image * args.dxImage(d)) << 2);
    for (let h = 0; h < H; h++) clear(dx + dxRow * h, W * C);
    for (let oy = 0; oy < OH; oy++) {
      let dy = args.dy(d, b) + (<usize>(image * args.dyImage(d) + oy * args.dyRow(d)) << 2);
      const top = oy * strideH - padTop, y0 = max(0, top), rows = min(H, top + poolH) - y0;
      for (let ox = 0; ox < OW; ox++) {
        const left = ox * strideW - padLeft, x0 = max(0, left), columns = min(W, left + poolW) - x0, at = pixel * x0;
        if (rows > 0 && columns > 0) spread(dy, x + xRow * y0 + at, xRow, dx + dxRow * y0 + at, dxRow, pixel, C, rows, columns);
        dy += pixel;
      }
    }
  }
}

/** Adds one window's gradients, of rows x columns pixels from x and dx on, to where its maxima are. */
function spread(
  dy: usize, x: usize, xRow: usize, dx: usize, dxRow: usize, pixel: usize, C: i32, rows: i32, columns: i32,
): void {
  for (let c = 0; c < C; c += 4) {
    let best = v128.load(x), place = i32x4.splat(0), tap = 0;
    for (let ky = 0; ky < rows; ky++) {
      let at = x + xRow * ky;
      for (let kx = 0; kx < columns; kx++) {
        const value = v128.load(at);
        // greater, or the first NaN: not (value <= best), unless best is a NaN
        const wins = v128.andnot(f32x4.eq(best, best), f32x4.le(value, best));
        best = v128.bitselect(value, best, wins);
        place = v128.bitselect(i32x4.splat(tap++), place, wins);
        at += pixel;
      }
    }
    const gradient = v128.load(dy);
    tap = 0;
    for (let ky = 0; ky < rows; ky++) {
      let at = dx + dxRow * ky;
      for (let kx = 0; kx < columns; kx++) {
        const mine = v128.and(gradient, i32x4.eq(place, i32x4.splat(tap++)));
        storeUpTo(at, f32x4.add(v128.load(at), mine), C - c);
        at += pixel;
      }
    }
    dy += 16;
    x += 16;
    dx += 16;
  }
}
