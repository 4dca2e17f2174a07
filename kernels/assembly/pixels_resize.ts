// pixels_resize.ts: images of bytes whose pixels are weighted sums along rows, and along columns: resizing, blurring, mirroring, taking
// pixels from elsewhere. Which pixels and weights, the host says. Weights are 2^22ths and sums are rounded to bytes, as Pillow does it.
import { narrow, storeBytes, widen } from "./bytes";
import { pixels_across as acrossArgs, pixels_down as downArgs } from "./generated/arguments";

const HALF: i32 = 1 << 21;

/** Rows of three channels whose sums share the loading of bounds and weights. */
const TOGETHER = 8;

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
    let s0 = i32x4.splat(HALF), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (; w < end; w += 8) {
      const two = i64x2.splat(load<u64>(w) & select<u64>(-1, 0xffffffff, w + 4 < end));
      const low = lowParts(two), high = highParts(two);
      let v = at;
      s0 = plusTwo(s0, v, low, high);
      s1 = plusTwo(s1, (v += xRow), low, high);
      s2 = plusTwo(s2, (v += xRow), low, high);
      s3 = plusTwo(s3, (v += xRow), low, high);
      s4 = plusTwo(s4, (v += xRow), low, high);
      s5 = plusTwo(s5, (v += xRow), low, high);
      s6 = plusTwo(s6, (v += xRow), low, high);
      s7 = plusTwo(s7, (v += xRow), low, high);
      at += 6;
    }
    storeFour(y, yRow, bytesOf(s0, s1, s2, s3), p < N - 1);
    storeFour(y + 4 * yRow, yRow, bytesOf(s4, s5, s6, s7), p < N - 1);
    y += 3;
    bound += 8;
    weights += <usize>most << 2;
  }
}

// A weight is 2^15 high + low: both parts are numbers of 16 bits, of which two products are summed at once.
const PART = 15, LOW = (1 << PART) - 1;

/** Of two weights, over and over. */
// @ts-ignore: decorator
@inline
function lowParts(weights: v128): v128 {
  const parts = v128.and(weights, i32x4.splat(LOW));
  return i16x8.narrow_i32x4_s(parts, parts);
}

// @ts-ignore: decorator
@inline
function highParts(weights: v128): v128 {
  const parts = i32x4.shr_s(weights, PART);
  return i16x8.narrow_i32x4_s(parts, parts);
}

/** Sums of red, green and blue, and two pixels more. */
// @ts-ignore: decorator
@inline
function plusTwo(sum: v128, x: usize, low: v128, high: v128): v128 {
  const one = v128.load32_zero(x), two = v128.load32_zero(x, 3);
  // red of both, green of both, blue of both
  const v = i16x8.extend_low_i8x16_u(i8x16.shuffle(one, two, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  const highs = i32x4.shl(i32x4.dot_i16x8_s(v, high), PART);
  return i32x4.add(i32x4.add(sum, i32x4.dot_i16x8_s(v, low)), highs);
}

// @ts-ignore: decorator
@inline
function bytesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  return narrow(i32x4.shr_s(a, 22), i32x4.shr_s(b, 22), i32x4.shr_s(c, 22), i32x4.shr_s(d, 22));
}

/** A pixel of four rows, each the first three bytes of four; where another one follows, it overwrites the fourth. */
// @ts-ignore: decorator
@inline
function storeFour(y: usize, yRow: usize, v: v128, follows: bool): void {
  if (follows) {
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
