// pixels_moments.ts: sums and sums of squares of bytes, by channel. Mean and deviation, the host makes of them.
import { widen } from "./bytes";
import { pixels_moments as args } from "./generated/arguments";

export function pixels_moments(d: usize, b: usize, from: i32, to: i32): void {
  if (from == to) return;
  const C = args.C(d), sums = args.sums(d, b), squares = args.squares(d, b), x = args.x(d, b);
  const end = x + <usize>(args.H(d) * args.W(d) * C);
  memory.fill(sums, 0, <usize>C << 2);
  memory.fill(squares, 0, <usize>C << 2);
  const done = C == 1 ? greys(sums, squares, x, end) : C == 3 ? colours(sums, squares, x, end) : x;
  let c = 0;
  for (; c + 4 <= C; c += 4) fours(sums, squares, c, C, done, end);
  for (; c < C; c++)
    for (let at = done + <usize>c; at < end; at += <usize>C) {
      const value = <u32>load<u8>(at);
      add(sums, c, value);
      add(squares, c, value * value);
    }
}

/** Four channels of C from `c` on. */
function fours(sums: usize, squares: usize, c: i32, C: i32, at: usize, end: usize): void {
  let sum = i32x4.splat(0), square = sum;
  for (at += <usize>c; at < end; at += <usize>C) {
    const v = widen(v128.load32_zero(at));
    sum = i32x4.add(sum, v);
    square = i32x4.add(square, i32x4.mul(v, v));
  }
  v128.store(sums + (<usize>c << 2), sum);
  v128.store(squares + (<usize>c << 2), square);
}

/** Sixteen pixels at a time. @returns where the rest begins */
function greys(sums: usize, squares: usize, at: usize, end: usize): usize {
  let sum = i32x4.splat(0), square = sum;
  for (; at + 16 <= end; at += 16) {
    const v = v128.load(at);
    sum = plusBytes(sum, v);
    square = plusSquares(square, v);
  }
  add(sums, 0, total(sum));
  add(squares, 0, total(square));
  return at;
}

/** Sixteen pixels at a time: a channel has other places in each of three vectors, so that one vector holds them all, in any order. */
function colours(sums: usize, squares: usize, at: usize, end: usize): usize {
  let r = i32x4.splat(0), g = r, b = r, rr = r, gg = r, bb = r;
  for (; at + 48 <= end; at += 48) {
    const u = v128.load(at), v = v128.load(at, 16), w = v128.load(at, 32);
    const reds = pick(u, w, v), greens = pick(v, u, w), blues = pick(w, v, u);
    r = plusBytes(r, reds);
    g = plusBytes(g, greens);
    b = plusBytes(b, blues);
    rr = plusSquares(rr, reds);
    gg = plusSquares(gg, greens);
    bb = plusSquares(bb, blues);
  }
  add(sums, 0, total(r));
  add(sums, 1, total(g));
  add(sums, 2, total(b));
  add(squares, 0, total(rr));
  add(squares, 1, total(gg));
  add(squares, 2, total(bb));
  return at;
}

/** Bytes 0, 3, 6 ... of the first vector, 1, 4, 7 ... of the second, 2, 5, 8 ... of the third. */
// @ts-ignore: decorator
@inline
function pick(first: v128, second: v128, third: v128): v128 {
  const later = i8x16(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0);
  const others = v128.bitselect(second, third, later);
  return v128.bitselect(first, others, i8x16(-1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1));
}

// @ts-ignore: decorator
@inline
function plusBytes(sum: v128, v: v128): v128 {
  return i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v)));
}

// @ts-ignore: decorator
@inline
function plusSquares(sum: v128, v: v128): v128 {
  const low = i16x8.extend_low_i8x16_u(v), high = i16x8.extend_high_i8x16_u(v);
  return i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
}

// @ts-ignore: decorator
@inline
function total(v: v128): u32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}

// @ts-ignore: decorator
@inline
function add(at: usize, channel: i32, value: u32): void {
  at += <usize>channel << 2;
  store<u32>(at, load<u32>(at) + value);
}
