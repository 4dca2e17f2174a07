// pixels_colour.ts: grey, and turned hues, of images of red, green and blue bytes; four pixels at a time.
import { blueOf, greenOf, pixelsOf, redOf, storeBytes } from "./bytes";
import { pixels_grey as greyArgs, pixels_hue as hueArgs } from "./generated/arguments";

export function pixels_grey(d: usize, b: usize, from: i32, to: i32): void {
  const W = greyArgs.W(d);
  for (let row = from; row < to; row++) {
    const x = greyArgs.x(d, b) + <usize>(row * W * 3), y = greyArgs.y(d, b) + <usize>(row * W * 3);
    for (let w = 0; w < W; w += 4) {
      const at = <usize>(3 * w), v = v128.load(x + at);
      let sum = i32x4.add(i32x4.splat(0x8000), i32x4.mul(redOf(v), i32x4.splat(19595)));
      sum = i32x4.add(sum, i32x4.mul(greenOf(v), i32x4.splat(38470)));
      sum = i32x4.shr_u(i32x4.add(sum, i32x4.mul(blueOf(v), i32x4.splat(7471))), 16);
      storeBytes(y + at, pixelsOf(sum, sum, sum), min(12, 3 * (W - w)));
    }
  }
}

/**
 * With the largest channel M, the smallest m and s = M - m, a hue is a place h on a circle of 6 s: 0 red, 2 s green, 4 s blue. A channel
 * that lies at n s on it is M - max(0, min(k, 4 s - k, s)), where k = (h + n s) mod 6 s, n = 5, 3, 1 for red, green, blue. All of it
 * times 2^16, so that turns need no division.
 */
export function pixels_hue(d: usize, b: usize, from: i32, to: i32): void {
  const W = hueArgs.W(d), turn = i32x4.splat(6 * hueArgs.turn(d));
  for (let row = from; row < to; row++) {
    const x = hueArgs.x(d, b) + <usize>(row * W * 3), y = hueArgs.y(d, b) + <usize>(row * W * 3);
    for (let w = 0; w < W; w += 4) {
      const at = <usize>(3 * w), v = v128.load(x + at);
      const r = redOf(v), g = greenOf(v), bl = blueOf(v);
      const M = i32x4.max_s(r, i32x4.max_s(g, bl)), s = i32x4.sub(M, i32x4.min_s(r, i32x4.min_s(g, bl)));
      const ofBlue = i32x4.add(i32x4.shl(s, 2), i32x4.sub(r, g)), ofGreen = i32x4.add(i32x4.shl(s, 1), i32x4.sub(bl, r));
      let h = v128.bitselect(ofGreen, ofBlue, i32x4.eq(M, g));
      h = v128.bitselect(i32x4.sub(g, bl), h, i32x4.eq(M, r));
      const s16 = i32x4.shl(s, 16), circle = i32x4.mul(s16, i32x4.splat(6)), top = i32x4.shl(M, 16);
      const place = around(i32x4.add(i32x4.shl(h, 16), i32x4.mul(s, turn)), circle);
      const red = channel(i32x4.add(place, i32x4.mul(s16, i32x4.splat(5))), circle, s16, top);
      const green = channel(i32x4.add(place, i32x4.mul(s16, i32x4.splat(3))), circle, s16, top);
      storeBytes(y + at, pixelsOf(red, green, channel(i32x4.add(place, s16), circle, s16, top)), min(12, 3 * (W - w)));
    }
  }
}

/** A place from -circle to less than 2 circles, brought to 0 to circle. */
// @ts-ignore: decorator
@inline
function around(place: v128, circle: v128): v128 {
  const up = i32x4.add(place, v128.and(circle, i32x4.lt_s(place, i32x4.splat(0))));
  return i32x4.sub(up, v128.and(circle, i32x4.ge_s(up, circle)));
}

// @ts-ignore: decorator
@inline
function channel(place: v128, circle: v128, s: v128, top: v128): v128 {
  const k = around(place, circle), down = i32x4.min_s(i32x4.min_s(k, i32x4.sub(i32x4.shl(s, 2), k)), s);
  const value = i32x4.sub(top, i32x4.max_s(down, i32x4.splat(0)));
  return i32x4.shr_u(i32x4.add(value, i32x4.splat(0x8000)), 16);
}
