// input.ts: samples into activations: y = x * scale + shift, one scale and shift for each place in a row. Bytes, whole numbers or floats.
import { fma } from "./abi";
import { input_f32 as floatArgs, input_i32 as intArgs, input_u8 as byteArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";

export function input_u8(d: usize, b: usize, from: i32, to: i32): void {
  const x = byteArgs.x(d, b), y = byteArgs.y(d, b), scale = byteArgs.scale(d, b), shift = byteArgs.shift(d, b);
  const H = byteArgs.H(d), L = byteArgs.L(d);
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      const xAt = x + <usize>(image * byteArgs.xImage(d) + h * byteArgs.xRow(d));
      const yAt = y + (<usize>(image * byteArgs.yImage(d) + h * byteArgs.yRow(d)) << 2);
      for (let l = 0; l < L; l += 4) {
        const at = <usize>l << 2;
        const bytes = i16x8.extend_low_i8x16_u(v128.load32_zero(xAt + l));
        const value = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(bytes));
        storeUpTo(yAt + at, fma(value, v128.load(scale + at), v128.load(shift + at)), L - l);
      }
    }
  }
}

export function input_f32(d: usize, b: usize, from: i32, to: i32): void {
  const x = floatArgs.x(d, b), y = floatArgs.y(d, b), scale = floatArgs.scale(d, b), shift = floatArgs.shift(d, b);
  const H = floatArgs.H(d), L = floatArgs.L(d);
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      const xAt = x + (<usize>(image * floatArgs.xImage(d) + h * floatArgs.xRow(d)) << 2);
      const yAt = y + (<usize>(image * floatArgs.yImage(d) + h * floatArgs.yRow(d)) << 2);
      for (let l = 0; l < L; l += 4) {
        const at = <usize>l << 2;
        storeUpTo(yAt + at, fma(v128.load(xAt + at), v128.load(scale + at), v128.load(shift + at)), L - l);
      }
    }
  }
}

export function input_i32(d: usize, b: usize, from: i32, to: i32): void {
  const x = intArgs.x(d, b), y = intArgs.y(d, b), scale = intArgs.scale(d, b), shift = intArgs.shift(d, b);
  const H = intArgs.H(d), L = intArgs.L(d);
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      const xAt = x + (<usize>(image * intArgs.xImage(d) + h * intArgs.xRow(d)) << 2);
      const yAt = y + (<usize>(image * intArgs.yImage(d) + h * intArgs.yRow(d)) << 2);
      for (let l = 0; l < L; l += 4) {
        const at = <usize>l << 2;
        storeUpTo(yAt + at, fma(f32x4.convert_i32x4_s(v128.load(xAt + at)), v128.load(scale + at), v128.load(shift + at)), L - l);
      }
    }
  }
}
