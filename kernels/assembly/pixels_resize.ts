// pixels_resize.ts: images of bytes whose pixels are weighted sums along rows, and along columns: resizing, blurring, mirroring, taking
// pixels from elsewhere. Which pixels and weights, the host says. Weights are 2^22ths and sums are rounded to bytes, as Pillow does it.
import { narrow, storeBytes, widen } from "./bytes";
import { pixels_across as acrossArgs, pixels_down as downArgs } from "./generated/arguments";

const HALF: i32 = 1 << 21;

export function pixels_across(d: usize, b: usize, from: i32, to: i32): void {
  const N = acrossArgs.N(d), C = acrossArgs.C(d), most = acrossArgs.most(d), xRow = <usize>acrossArgs.xRow(d);
  const bounds = acrossArgs.bounds(d, b), weights = acrossArgs.weights(d, b);
  for (let row = from; row < to; row++) {
    const x = acrossArgs.x(d, b) + <usize>row * xRow;
    let y = acrossArgs.y(d, b) + <usize>(row * N * C), bound = bounds, w = weights;
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
