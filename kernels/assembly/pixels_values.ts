// pixels_values.ts: bytes of images, each by itself: looked up in a table, counted, mixed with another image's.
import { narrow, storeBytes } from "./bytes";
import {
  pixels_histogram as histogramArgs,
  pixels_lookup as lookupArgs,
  pixels_mix as mixArgs,
} from "./generated/arguments";

export function pixels_lookup(d: usize, b: usize, from: i32, to: i32): void {
  const W = lookupArgs.W(d), C = lookupArgs.C(d), table = lookupArgs.table(d, b);
  for (let row = from; row < to; row++) {
    let x = lookupArgs.x(d, b) + <usize>(row * W * C), y = lookupArgs.y(d, b) + <usize>(row * W * C);
    for (const end = x + <usize>(W * C); x < end; ) {
      let t = table;
      for (let c = 0; c < C; c++) {
        store<u8>(y++, load<u8>(t + <usize>load<u8>(x++)));
        t += 256;
      }
    }
  }
}

export function pixels_histogram(d: usize, b: usize, from: i32, to: i32): void {
  if (from == to) return;
  const C = histogramArgs.C(d), counts = histogramArgs.counts(d, b);
  memory.fill(counts, 0, <usize>C << 10);
  let x = histogramArgs.x(d, b);
  for (const end = x + <usize>(histogramArgs.H(d) * histogramArgs.W(d) * C); x < end; ) {
    let count = counts;
    for (let c = 0; c < C; c++) {
      const at = count + (<usize>load<u8>(x++) << 2);
      store<u32>(at, load<u32>(at) + 1);
      count += 1024;
    }
  }
}

export function pixels_mix(d: usize, bindings: usize, from: i32, to: i32): void {
  const L = mixArgs.L(d), share = i32x4.splat(mixArgs.share(d));
  for (let row = from; row < to; row++) {
    const at = <usize>(row * L), a = mixArgs.a(d, bindings) + at, b = mixArgs.b(d, bindings) + at, y = mixArgs.y(d, bindings) + at;
    for (let l = 0; l < L; l += 16) {
      const one = v128.load(a + l), other = v128.load(b + l);
      const b0 = i16x8.extend_low_i8x16_u(other), b1 = i16x8.extend_high_i8x16_u(other);
      const d0 = i16x8.sub(i16x8.extend_low_i8x16_u(one), b0), d1 = i16x8.sub(i16x8.extend_high_i8x16_u(one), b1);
      const v = narrow(
        mixed(i32x4.extend_low_i16x8_s(d0), i32x4.extend_low_i16x8_u(b0), share),
        mixed(i32x4.extend_high_i16x8_s(d0), i32x4.extend_high_i16x8_u(b0), share),
        mixed(i32x4.extend_low_i16x8_s(d1), i32x4.extend_low_i16x8_u(b1), share),
        mixed(i32x4.extend_high_i16x8_s(d1), i32x4.extend_high_i16x8_u(b1), share),
      );
      storeBytes(y + l, v, L - l);
    }
  }
}

// @ts-ignore: decorator
@inline
function mixed(difference: v128, b: v128, share: v128): v128 {
  const sum = i32x4.add(i32x4.add(i32x4.shl(b, 16), i32x4.splat(0x8000)), i32x4.mul(difference, share));
  return i32x4.shr_s(sum, 16);
}
