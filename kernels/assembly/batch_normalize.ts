// batch_normalize.ts: y = x * scale + shift with one of each a channel, relu on top where wanted; and its gradient. How they come
// about: batch_statistics.ts.
import { fma } from "./abi";
import { paddedBytes } from "./batch_moments";
import { batch_normalize as args, batch_normalize_backward as backwardArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";

export function batch_normalize(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), H = args.H(d), W = args.W(d), step = <usize>C << 2;
  const scale = args.norm(d, b), shift = scale + paddedBytes(C);
  const floor = f32x4.splat(args.relu(d) ? 0 : -Infinity);
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      let x = args.x(d, b) + (<usize>(image * args.xImage(d) + h * args.xRow(d)) << 2);
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + h * args.yRow(d)) << 2);
      for (let w = 0; w < W; w++) {
        normalizePixel(x, y, scale, shift, C, floor);
        x += step;
        y += step;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function normalizePixel(x: usize, y: usize, scale: usize, shift: usize, C: i32, floor: v128): void {
  let at: usize = 0, c = C;
  for (; c >= 8; c -= 8) {
    const x0 = v128.load(x + at), x1 = v128.load(x + at, 16);
    // NaN passes: pmax(a, b) is a < b ? b : a
    const y0 = f32x4.pmax(fma(x0, v128.load(scale + at), v128.load(shift + at)), floor);
    const y1 = f32x4.pmax(fma(x1, v128.load(scale + at, 16), v128.load(shift + at, 16)), floor);
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
    at += 32;
  }
  for (; c > 0; c -= 4) {
    const value = fma(v128.load(x + at), v128.load(scale + at), v128.load(shift + at));
    storeUpTo(y + at, f32x4.pmax(value, floor), c);
    at += 16;
  }
}

/** The scale and shift whose result says where dy passes: the relu's own, or ones that are never below zero. */
// @ts-ignore: decorator
@inline
export function gateScale(scale: usize, relu: bool): v128 {
  return relu ? v128.load(scale) : f32x4.splat(0);
}

// @ts-ignore: decorator
@inline
export function gateShift(shift: usize, relu: bool): v128 {
  return relu ? v128.load(shift) : f32x4.splat(1);
}

/** dy where x * scale + shift is above zero, or NaN. */
// @ts-ignore: decorator
@inline
export function gated(dy: v128, x: v128, scale: v128, shift: v128): v128 {
  return v128.andnot(dy, f32x4.le(fma(x, scale, shift), f32x4.splat(0)));
}

export function batch_normalize_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), H = backwardArgs.H(d), W = backwardArgs.W(d), step = <usize>C << 2;
  const norm = backwardArgs.norm(d, b), padded = paddedBytes(C), factors = backwardArgs.factors(d, b);
  const relu = backwardArgs.relu(d) != 0;
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      let dy = backwardArgs.dy(d, b) + (<usize>(image * backwardArgs.dyImage(d) + h * backwardArgs.dyRow(d)) << 2);
      let x = backwardArgs.x(d, b) + (<usize>(image * backwardArgs.xImage(d) + h * backwardArgs.xRow(d)) << 2);
      let dx = backwardArgs.dx(d, b) + (<usize>(image * backwardArgs.dxImage(d) + h * backwardArgs.dxRow(d)) << 2);
      for (let w = 0; w < W; w++) {
        let at: usize = 0, c = C;
        for (; c >= 8; c -= 8) {
          const g0 = gradient(dy + at, x + at, norm + at, padded, factors + at, relu);
          const g1 = gradient(dy + at + 16, x + at + 16, norm + at + 16, padded, factors + at + 16, relu);
          v128.store(dx + at, g0);
          v128.store(dx + at, g1, 16);
          at += 32;
        }
        for (; c > 0; c -= 4) {
          storeUpTo(dx + at, gradient(dy + at, x + at, norm + at, padded, factors + at, relu), c);
          at += 16;
        }
        dy += step;
        x += step;
        dx += step;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function gradient(dy: usize, x: usize, norm: usize, padded: usize, factors: usize, relu: bool): v128 {
  const value = v128.load(x), scale = v128.load(norm);
  const own = gated(v128.load(dy), value, gateScale(norm, relu), gateShift(norm + padded, relu));
  const centered = f32x4.sub(value, v128.load(norm + 2 * padded));
  return fma(scale, own, fma(v128.load(factors), centered, v128.load(factors + padded)));
}
