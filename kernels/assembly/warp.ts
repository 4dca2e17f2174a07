// warp.ts: images read at other places: pixel (x, y) of the result is the source's at (a0 x + a1 y + a2, b0 x + b1 y + b2), between
// pixels by their distance; and the gradient. What gives the six numbers: warp_transform, of drawn ones. An image is one thread's.
import { fma } from "./abi";
import { warp as args, warp_backward as backwardArgs, warp_transform as transformArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";

/** Where a place outside lies in the image: `fill` in signatures.ts. -1: nowhere. */
function fold(i: i32, n: i32, fill: i32): i32 {
  if (i >= 0 && i < n) return i;
  if (fill == 0) return -1;
  if (fill == 1) return i < 0 ? 0 : n - 1;
  if (fill == 3) return ((i % n) + n) % n;
  const period = 2 * n, at = ((i % period) + period) % period; // d c b a | a b c d | d c b a
  return at < n ? at : period - 1 - at;
}

/** A pixel's address, or that of the row of fill values. */
// @ts-ignore: decorator
@inline
function pixelAt(x: usize, row: i32, h: i32, w: i32, H: i32, W: i32, C: i32, fill: i32, none: usize): usize {
  const i = fold(h, H, fill), j = fold(w, W, fill);
  return i < 0 || j < 0 ? none : x + (<usize>(i * row + j * C) << 2);
}

export function warp(d: usize, b: usize, from: i32, to: i32): void {
  const H = args.H(d), W = args.W(d), C = args.C(d), fill = args.fill(d), nearest = args.nearest(d) != 0;
  const row = args.xRow(d), none = args.outside(d, b);
  for (let image = from; image < to; image++) {
    const t = args.transform(d, b) + (<usize>image << 5), x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2);
    for (let oy = 0; oy < H; oy++) {
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + oy * args.yRow(d)) << 2);
      for (let ox = 0; ox < W; ox++) {
        const px = load<f32>(t) * <f32>ox + load<f32>(t, 4) * <f32>oy + load<f32>(t, 8);
        const py = load<f32>(t, 12) * <f32>ox + load<f32>(t, 16) * <f32>oy + load<f32>(t, 20);
        if (nearest) {
          const p = pixelAt(x, row, <i32>nearest32(py), <i32>nearest32(px), H, W, C, fill, none);
          for (let c = 0; c < C; c += 4) storeUpTo(y + (<usize>c << 2), v128.load(p + (<usize>c << 2)), C - c);
        } else {
          const h = <i32>floor<f32>(py), w = <i32>floor<f32>(px);
          const down = py - <f32>h, right = px - <f32>w;
          const p00 = pixelAt(x, row, h, w, H, W, C, fill, none), p01 = pixelAt(x, row, h, w + 1, H, W, C, fill, none);
          const p10 = pixelAt(x, row, h + 1, w, H, W, C, fill, none), p11 = pixelAt(x, row, h + 1, w + 1, H, W, C, fill, none);
          const w00 = f32x4.splat((1 - down) * (1 - right)), w01 = f32x4.splat((1 - down) * right);
          const w10 = f32x4.splat(down * (1 - right)), w11 = f32x4.splat(down * right);
          for (let c = 0; c < C; c += 4) {
            const at = <usize>c << 2;
            const above = fma(w01, v128.load(p01 + at), f32x4.mul(w00, v128.load(p00 + at)));
            storeUpTo(y + at, fma(w11, v128.load(p11 + at), fma(w10, v128.load(p10 + at), above)), C - c);
          }
        }
        y += <usize>C << 2;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function nearest32(x: f32): f32 {
  return nearest<f32>(x);
}

/** dx: each pixel of dy given to the pixels it was made of; in the order of dy's pixels. */
export function warp_backward(d: usize, b: usize, from: i32, to: i32): void {
  const H = backwardArgs.H(d), W = backwardArgs.W(d), C = backwardArgs.C(d), fill = backwardArgs.fill(d);
  const nearest = backwardArgs.nearest(d) != 0, row = backwardArgs.dxRow(d);
  for (let image = from; image < to; image++) {
    const t = backwardArgs.transform(d, b) + (<usize>image << 5);
    const dx = backwardArgs.dx(d, b) + (<usize>(image * backwardArgs.dxImage(d)) << 2);
    for (let h = 0; h < H; h++) memory.fill(dx + (<usize>(h * row) << 2), 0, <usize>(W * C) << 2);
    for (let oy = 0; oy < H; oy++) {
      let dy = backwardArgs.dy(d, b) + (<usize>(image * backwardArgs.dyImage(d) + oy * backwardArgs.dyRow(d)) << 2);
      for (let ox = 0; ox < W; ox++) {
        const px = load<f32>(t) * <f32>ox + load<f32>(t, 4) * <f32>oy + load<f32>(t, 8);
        const py = load<f32>(t, 12) * <f32>ox + load<f32>(t, 16) * <f32>oy + load<f32>(t, 20);
        if (nearest) give(dx, row, <i32>nearest32(py), <i32>nearest32(px), H, W, C, fill, dy, 1);
        else {
          const h = <i32>floor<f32>(py), w = <i32>floor<f32>(px);
          const down = py - <f32>h, right = px - <f32>w;
          give(dx, row, h, w, H, W, C, fill, dy, (1 - down) * (1 - right));
          give(dx, row, h, w + 1, H, W, C, fill, dy, (1 - down) * right);
          give(dx, row, h + 1, w, H, W, C, fill, dy, down * (1 - right));
          give(dx, row, h + 1, w + 1, H, W, C, fill, dy, down * right);
        }
        dy += <usize>C << 2;
      }
    }
  }
}

function give(dx: usize, row: i32, h: i32, w: i32, H: i32, W: i32, C: i32, fill: i32, dy: usize, weight: f32): void {
  const p = pixelAt(dx, row, h, w, H, W, C, fill, 0), share = f32x4.splat(weight);
  if (p == 0) return;
  for (let c = 0; c < C; c += 4) {
    const at = <usize>c << 2;
    storeUpTo(p + at, fma(share, v128.load(dy + at), v128.load(p + at)), C - c);
  }
}

/** The six numbers of each image, from two that are drawn from 0 to 1 and stretched to u and v: `kind` in signatures.ts. The centre stays where it is. */
export function warp_transform(d: usize, b: usize, from: i32, to: i32): void {
  const kind = transformArgs.kind(d), H = <f32>transformArgs.H(d), W = <f32>transformArgs.W(d);
  for (let image = from; image < to; image++) {
    const drawn = transformArgs.drawn(d, b) + (<usize>image << 3), t = transformArgs.transform(d, b) + (<usize>image << 5);
    const u = transformArgs.uLow(d) + (transformArgs.uHigh(d) - transformArgs.uLow(d)) * load<f32>(drawn);
    const v = transformArgs.vLow(d) + (transformArgs.vHigh(d) - transformArgs.vLow(d)) * load<f32>(drawn, 4);
    const cx: f32 = (W - 1) * 0.5, cy: f32 = (H - 1) * 0.5;
    let a0: f32 = 1, a1: f32 = 0, b0: f32 = 0, b1: f32 = 1, dx: f32 = 0, dy: f32 = 0;
    if (kind < 4) {
      if (kind & 1 && u < 0.5) a0 = -1;
      if (kind & 2 && v < 0.5) b1 = -1;
    } else if (kind == 4) {
      const cosine = cosineOf(u), sine = cosineOf(u - 0.25);
      a0 = cosine;
      a1 = -sine;
      b0 = sine;
      b1 = cosine;
    } else if (kind == 8 || kind == 9) {
      a0 = kind == 9 ? u : v;
      b1 = u;
    } else {
      dx = -v * W;
      dy = -u * H;
    }
    store<f32>(t, a0);
    store<f32>(t, a1, 4);
    store<f32>(t, cx - cx * a0 - cy * a1 + dx, 8);
    store<f32>(t, b0, 12);
    store<f32>(t, b1, 16);
    store<f32>(t, cy - cx * b0 - cy * b1 + dy, 20);
  }
}

/** cos(2 pi x) within 1e-7, in f64, by Taylor's polynomial around the nearest half turn. */
function cosineOf(turns: f32): f32 {
  const x = <f64>turns, half = nearest<f64>(2 * x), r = (2 * x - half) * 3.141592653589793; // |r| <= pi / 2
  const z = r * r;
  let p: f64 = 1.0 / 87178291200.0;
  p = 1.0 / 479001600.0 - z * p;
  p = 1.0 / 3628800.0 - z * p;
  p = 1.0 / 40320.0 - z * p;
  p = 1.0 / 720.0 - z * p;
  p = 1.0 / 24.0 - z * p;
  p = 0.5 - z * p;
  p = 1 - z * p;
  return <f32>(<i32>half & 1 ? -p : p);
}
