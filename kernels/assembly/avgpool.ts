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

/** One output pixel: the mean of rows x columns pixels from x on. Row sums, then their sum: few additions in a row. */
function averagePixel(x: usize, row: usize, pixel: usize, y: usize, C: i32, rows: i32, columns: i32): void {
  const share = f32x4.convert_i32x4_s(i32x4.splat(rows * columns));
  let c = C;
  for (; c >= 16; c -= 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let ky = 0; ky < rows; ky++) {
      let at = x + <usize>ky * row, r0 = f32x4.splat(0), r1 = r0, r2 = r0, r3 = r0;
      for (let kx = 0; kx < columns; kx++) {
        r0 = f32x4.add(r0, v128.load(at, 0));
        r1 = f32x4.add(r1, v128.load(at, 16));
        r2 = f32x4.add(r2, v128.load(at, 32));
        r3 = f32x4.add(r3, v128.load(at, 48));
        at += pixel;
      }
      s0 = f32x4.add(s0, r0);
      s1 = f32x4.add(s1, r1);
      s2 = f32x4.add(s2, r2);
      s3 = f32x4.add(s3, r3);
    }
    v128.store(y, f32x4.div(s3, share), 48);
    v128.store(y, f32x4.div(s2, share), 32);
    v128.store(y, f32x4.div(s1, share), 16);
    v128.store(y, f32x4.div(s0, share), 0);
    x += 64;
    y += 64;
  }
  for (; c > 0; c -= 4) {
    let sum = f32x4.splat(0);
    for (let ky = 0; ky < rows; ky++) {
      let at = x + <usize>ky * row, part = f32x4.splat(0);
      for (let kx = 0; kx < columns; kx++) {
        part = f32x4.add(part, v128.load(at));
        at += pixel;
      }
      sum = f32x4.add(sum, part);
    }
    storeUpTo(y, f32x4.div(sum, share), c);
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
  let c = C;
  for (; c >= 16; c -= 16) {
    const g0 = f32x4.div(v128.load(dy, 0), share), g1 = f32x4.div(v128.load(dy, 16), share);
    const g2 = f32x4.div(v128.load(dy, 32), share), g3 = f32x4.div(v128.load(dy, 48), share);
    for (let ky = 0; ky < rows; ky++) {
      let at = dx + <usize>ky * row;
      for (let kx = 0; kx < columns; kx++) {
        const s0 = f32x4.add(v128.load(at, 0), g0), s1 = f32x4.add(v128.load(at, 16), g1);
        const s2 = f32x4.add(v128.load(at, 32), g2), s3 = f32x4.add(v128.load(at, 48), g3);
        v128.store(at, s3, 48);
        v128.store(at, s2, 32);
        v128.store(at, s1, 16);
        v128.store(at, s0, 0);
        at += pixel;
      }
    }
    dy += 64;
    dx += 64;
  }
  for (; c > 0; c -= 4) {
    const gradient = f32x4.div(v128.load(dy), share);
    for (let ky = 0; ky < rows; ky++) {
      let at = dx + <usize>ky * row;
      for (let kx = 0; kx < columns; kx++) {
        storeUpTo(at, f32x4.add(v128.load(at), gradient), c);
        at += pixel;
      }
    }
    dy += 16;
    dx += 16;
  }
}
