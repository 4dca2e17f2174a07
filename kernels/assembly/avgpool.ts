// avgpool.ts: mean over the part of a window that lies inside the image, and its gradient. Vectorised over channels.
import { avgpool as args, avgpool_backward as backwardArgs } from "./generated/arguments";
import { clear, storeUpTo } from "./lanes";

export function avgpool(d: usize, b: usize, from: i32, to: i32): void {
  const OH = args.OH(d), OW = args.OW(d), C = args.C(d), H = args.H(d), W = args.W(d);
  const row = <usize>args.xRow(d) << 2, pixel = <usize>C << 2;
  for (let image = from; image < to; image++) {
    const x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2);
    for (let oy = 0; oy < OH; oy++) {
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + oy * args.yRow(d)) << 2);
      const top = oy * args.strideH(d) - args.padTop(d), y0 = max(0, top), y1 = min(H, top + args.poolH(d));
      for (let ox = 0; ox < OW; ox++) {
        const left = ox * args.strideW(d) - args.padLeft(d), x0 = max(0, left), x1 = min(W, left + args.poolW(d));
        averagePixel(x + <usize>y0 * row + <usize>x0 * pixel, row, pixel, y, C, y1 - y0, x1 - x0);
        y += pixel;
      }
    }
  }
}

/** One output pixel: the mean of rows x columns pixels from x on. */
function averagePixel(x: usize, row: usize, pixel: usize, y: usize, C: i32, rows: i32, columns: i32): void {
  const share = f32x4.convert_i32x4_s(i32x4.splat(rows * columns));
  for (let c = 0; c < C; c += 4) {
    let sum = f32x4.splat(0);
    for (let ky = 0; ky < rows; ky++) {
      let at = x + <usize>ky * row;
      for (let kx = 0; kx < columns; kx++) {
        sum = f32x4.add(sum, v128.load(at));
        at += pixel;
      }
    }
    storeUpTo(y, f32x4.div(sum, share), C - c);
    x += 16;
    y += 16;
  }
}

export function avgpool_backward(d: usize, b: usize, from: i32, to: i32): void {
  const OH = backwardArgs.OH(d), OW = backwardArgs.OW(d), C = backwardArgs.C(d), H = backwardArgs.H(d), W = backwardArgs.W(d);
  const poolH = backwardArgs.poolH(d), poolW = backwardArgs.poolW(d);
  const row = <usize>backwardArgs.dxRow(d) << 2, pixel = <usize>C << 2;
  for (let image = from; image < to; image++) {
    const dx = backwardArgs.dx(d, b) + (<usize>(image * backwardArgs.dxImage(d)) << 2);
    for (let h = 0; h < H; h++) clear(dx + <usize>h * row, W * C);
    for (let oy = 0; oy < OH; oy++) {
      let dy = backwardArgs.dy(d, b) + (<usize>(image * backwardArgs.dyImage(d) + oy * backwardArgs.dyRow(d)) << 2);
      const top = oy * backwardArgs.strideH(d) - backwardArgs.padTop(d), y0 = max(0, top), y1 = min(H, top + poolH);
      for (let ox = 0; ox < OW; ox++) {
        const left = ox * backwardArgs.strideW(d) - backwardArgs.padLeft(d), x0 = max(0, left), x1 = min(W, left + poolW);
        spreadPixel(dy, dx + <usize>y0 * row + <usize>x0 * pixel, row, pixel, C, y1 - y0, x1 - x0);
        dy += pixel;
      }
    }
  }
}

/** Adds one pixel's share of gradient to each pixel of its window. */
function spreadPixel(dy: usize, dx: usize, row: usize, pixel: usize, C: i32, rows: i32, columns: i32): void {
  const share = f32x4.convert_i32x4_s(i32x4.splat(rows * columns));
  for (let c = 0; c < C; c += 4) {
    const gradient = f32x4.div(v128.load(dy), share);
    for (let ky = 0; ky < rows; ky++) {
      let at = dx + <usize>ky * row;
      for (let kx = 0; kx < columns; kx++) {
        storeUpTo(at, f32x4.add(v128.load(at), gradient), C - c);
        at += pixel;
      }
    }
    dy += 16;
    dx += 16;
  }
}
