// round_f16.ts: gradient sums of one leaf, rounded to half precision in place; then the ladder. Not the packing into 16 bits.
import { round_f16 as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { climb, TILE } from "./reduce";

export function round_f16(d: usize, b: usize, from: i32, to: i32): void {
  const values = args.values(d, b), offset = args.valuesOffset(d), end = min(to * TILE, args.count(d));
  for (let i = from * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    storeUpTo(values + at, climb(b, offset + at, rounded(v128.load(values + at))), end - i);
  }
}

/**
 * The nearest half, ties to even (IEEE 754, binary16): ten bits of fraction from 2^-14 on, multiples of 2^-24 below. What is finite
 * and beyond the largest half becomes that; infinities stay; NaN becomes the quiet NaN without a sign, whatever its bits were.
 */
// @ts-ignore: decorator
@inline
function rounded(x: v128): v128 {
  const a = f32x4.abs(x), bits = i32x4.add(a, i32x4.splat(0xfff));
  const tie = v128.and(i32x4.shr_u(a, 13), i32x4.splat(1));
  const normal = v128.and(i32x4.add(bits, tie), i32x4.splat(~0x1fff));
  // a float from 1/2 on has the spacing of the small halves: adding it rounds to them
  const half = f32x4.splat(0.5), small = f32x4.sub(f32x4.add(a, half), half);
  const grid = v128.bitselect(small, normal, f32x4.lt(a, f32x4.splat(6.103515625e-5)));
  const finite = f32x4.lt(a, f32x4.splat(Infinity));
  const bounded = v128.bitselect(f32x4.min(grid, f32x4.splat(65504)), a, finite);
  const signed = v128.or(bounded, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(signed, i32x4.splat(0x7fc00000), f32x4.eq(x, x));
}
