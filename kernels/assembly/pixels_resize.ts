// pixels_resize.ts: images of bytes whose pixels are weighted sums along rows, and along columns: resizing, blurring, mirroring, taking
// pixels from elsewhere. Which pixels and weights, the host says. Weights are 2^22ths and sums are rounded to bytes, as Pillow does it.
import { narrow, storeBytes, widen } from "./bytes";
import { pixels_across as acrossArgs, pixels_down as downArgs } from "./generated/arguments";

const HALF: i32 = 1 << 21;

/** Rows of three channels whose sums share the loading of bounds and weights. */
const TOGETHER = 4;

export function pixels_across(d: usize, b: usize, from: i32, to: i32): void {
  if (acrossArgs.C(d) == 3) for (; from + TOGETHER <= to; from += TOGETHER) colouredRows(d, b, from);
  for (; from < to; from++) acrossRow(d, b, from);
}

function acrossRow(d: usize, b: usize, row: i32): void {
  const N = acrossArgs.N(d), C = acrossArgs.C(d), most = acrossArgs.most(d), xRow = <usize>acrossArgs.xRow(d);
  const x = acrossArgs.x(d, b) + <usize>row * xRow;
  let y = acrossArgs.y(d, b) + <usize>(row * N * C), bound = acrossArgs.bounds(d, b), w = acrossArgs.weights(d, b);
  for (let p = 0; p < N; p++) {
    const first = x + <usize>(load<u32>(bound) * C), end = w + (<usize>load<u32>(bound, 4) << 2);
    if (C == 1) store<u8>(y, sumOne(first, w, end));
    else
      for (let c = 0; c < C; c += 4) storeBytes(y + c, sumFour(first + c, w, end, C), min(4, C - c));
    y += C;
    bound += 8;
    w += <usize>most << 2;
  }
}

/** TOGETHER rows of red, green and blue from `row` on, two taps at a time. */
function colouredRows(d: usize, b: usize, row: i32): void {
  const N = acrossArgs.N(d), most = acrossArgs.most(d), xRow = <usize>acrossArgs.xRow(d), yRow = <usize>(N * 3);
  const x = acrossArgs.x(d, b) + <usize>row * xRow;
  let y = acrossArgs.y(d, b) + <usize>row * yRow, bound = acrossArgs.bounds(d, b), weights = acrossArgs.weights(d, b);
  for (let p = 0; p < N; p++) {
    let at = x + <usize>(load<u32>(bound) * 3), w = weights;
    const end = w + (<usize>load<u32>(bound, 4) << 2);
    let low0 = i32x4.splat(HALF), low1 = low0, low2 = low0, low3 = low0;
    let high0 = i32x4.splat(0), high1 = high0, high2 = high0, high3 = high0;
    for (; w < end; w += 8) {
      const one = load<i32>(w), two = select(load<i32>(w, 4), 0, w + 4 < end);
      const lows = lowParts(one, two), highs = highParts(one, two);
      const v0 = twoPixels(at), v1 = twoPixels(at + xRow), v2 = twoPixels(at + 2 * xRow), v3 = twoPixels(at + 3 * xRow);
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(v0, lows));
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(v1, lows));
      low2 = i32x4.add(low2, i32x4.dot_i16x8_s(v2, lows));
      low3 = i32x4.add(low3, i32x4.dot_i16x8_s(v3, lows));
      high0 = i32x4.add(high0, i32x4.dot_i16x8_s(v0, highs));
      high1 = i32x4.add(high1, i32x4.dot_i16x8_s(v1, highs));
      high2 = i32x4.add(high2, i32x4.dot_i16x8_s(v2, highs));
      high3 = i32x4.add(high3, i32x4.dot_i16x8_s(v3, highs));
      at += 6;
    }
    const v = narrow(together(low0, high0), together(low1, high1), together(low2, high2), together(low3, high3));
    if (p < N - 1) {
      // the fourth byte is the next pixel's first, which comes after it
      v128.store32_lane(y, v, 0);
      v128.store32_lane(y + yRow, v, 1);
      v128.store32_lane(y + 2 * yRow, v, 2);
      v128.store32_lane(y + 3 * yRow, v, 3);
    } else {
      v128.store16_lane(y, v, 0);
      v128.store8_lane(y, v, 2, 2);
      v128.store16_lane(y + yRow, v, 2);
      v128.store8_lane(y + yRow, v, 6, 2);
      v128.store16_lane(y + 2 * yRow, v, 4);
      v128.store8_lane(y + 2 * yRow, v, 10, 2);
      v128.store16_lane(y + 3 * yRow, v, 6);
      v128.store8_lane(y + 3 * yRow, v, 14, 2);
    }
    y += 3;
    bound += 8;
    weights += <usize>most << 2;
  }
}

// A weight is 2^15 high + low: both parts are numbers of 16 bits, of which two products are summed at once.
const PART = 15, LOW = (1 << PART) - 1;

// @ts-ignore: decorator
@inline
function lowParts(one: i32, two: i32): v128 {
  return i32x4.splat((one & LOW) | ((two & LOW) << 16));
}

// @ts-ignore: decorator
@inline
function highParts(one: i32, two: i32): v128 {
  return i32x4.splat(((one >> PART) & 0xffff) | ((two >> PART) << 16));
}

/** Sums by low and by high parts of weights as one, of bytes. */
// @ts-ignore: decorator
@inline
function together(low: v128, high: v128): v128 {
  return i32x4.shr_s(i32x4.add(low, i32x4.shl(high, PART)), 22);
}

/** Red of two pixels, green of both, blue of both, as numbers of 16 bits. */
// @ts-ignore: decorator
@inline
function twoPixels(x: usize): v128 {
  const one = v128.load32_zero(x), two = v128.load32_zero(x, 3);
  return i16x8.extend_low_i8x16_u(i8x16.shuffle(one, two, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}

// @ts-ignore: decorator
@inline
function sumFour(x: usize, w: usize, end: usize, C: i32): v128 {
  let sum = i32x4.splat(HALF);
  for (; w < end; w += 4) {
    sum = i32x4.add(sum, i32x4.mul(widen(v128.load32_zero(x)), v128.load32_splat(w)));
    x += C;
  }
  sum = i32x4.shr_s(sum, 22);
  return narrow(sum, sum, sum, sum);
}

// @ts-ignore: decorator
@inline
function sumOne(x: usize, w: usize, end: usize): u8 {
  let sum = HALF;
  for (; w < end; w += 4) {
    sum += <i32>load<u8>(x) * load<i32>(w);
    x++;
  }
  return <u8>min(255, max(0, sum >> 22));
}

export function pixels_down(d: usize, b: usize, from: i32, to: i32): void {
  const L = downArgs.L(d), most = downArgs.most(d), x = downArgs.x(d, b);
  for (let row = from; row < to; row++) {
    const bound = downArgs.bounds(d, b) + (<usize>row << 3), y = downArgs.y(d, b) + <usize>(row * L);
    const weights = downArgs.weights(d, b) + (<usize>(row * most) << 2), end = weights + (<usize>load<u32>(bound, 4) << 2);
    for (let l = 0; l < L; l += 16) {
      let at = x + <usize>(load<u32>(bound) * L + l);
      let s0 = i32x4.splat(HALF), s1 = s0, s2 = s0, s3 = s0;
      for (let w = weights; w < end; w += 4) {
        const v = v128.load(at), weight = v128.load32_splat(w);
        const low = i16x8.extend_low_i8x16_u(v), high = i16x8.extend_high_i8x16_u(v);
        s0 = i32x4.add(s0, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
        s1 = i32x4.add(s1, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
        s2 = i32x4.add(s2, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
        s3 = i32x4.add(s3, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
        at += L;
      }
      const v = narrow(i32x4.shr_s(s0, 22), i32x4.shr_s(s1, 22), i32x4.shr_s(s2, 22), i32x4.shr_s(s3, 22));
      storeBytes(y + l, v, L - l);
    }
  }
}
