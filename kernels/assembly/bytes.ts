// bytes.ts: vectors of bytes: taken apart into whole numbers, put together with clamping, the ends of rows. No kernel.

/** Bytes 0 to 3 of a vector as four whole numbers. */
// @ts-ignore: decorator
@inline
export function widen(v: v128): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v));
}

/** Sixteen whole numbers as bytes, clamped to 0 to 255. */
// @ts-ignore: decorator
@inline
export function narrow(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

/** Stores the first `n` bytes of a vector, n from 1; all sixteen where n is more. */
export function storeBytes(at: usize, v: v128, n: i32): void {
  if (n >= 16) {
    v128.store(at, v);
    return;
  }
  if (n & 8) {
    v128.store64_lane(at, v, 0);
    v = i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
    at += 8;
  }
  if (n & 4) {
    v128.store32_lane(at, v, 0);
    v = i8x16.shuffle(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
    at += 4;
  }
  if (n & 2) {
    v128.store16_lane(at, v, 0);
    v = i8x16.shuffle(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3);
    at += 2;
  }
  if (n & 1) v128.store8_lane(at, v, 0);
}

/** Red (0), green (1) or blue (2) of the four pixels at `at`, as whole numbers. */
// @ts-ignore: decorator
@inline
export function redOf(v: v128): v128 {
  return i8x16.shuffle(v, i32x4.splat(0), 0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16);
}

// @ts-ignore: decorator
@inline
export function greenOf(v: v128): v128 {
  return i8x16.shuffle(v, i32x4.splat(0), 1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16);
}

// @ts-ignore: decorator
@inline
export function blueOf(v: v128): v128 {
  return i8x16.shuffle(v, i32x4.splat(0), 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16);
}

/** Twelve bytes: four pixels from their channels, each from 0 to 255. */
// @ts-ignore: decorator
@inline
export function pixelsOf(r: v128, g: v128, b: v128): v128 {
  const all = v128.or(v128.or(r, i32x4.shl(g, 8)), i32x4.shl(b, 16));
  return i8x16.shuffle(all, all, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
}
