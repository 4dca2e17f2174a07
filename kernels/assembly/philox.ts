// philox.ts: Philox4x32-10 for eight counters at once: the words of base/random.ts. What they are used for stands elsewhere.
import { SEED_HIGH, SEED_LOW, SLOT, STEP } from "./abi";

/** Words that are drawn ahead, in scratch. */
export const WINDOW: i32 = 2048;

/** Stores at least `count` words of one row of the batch from element `first`, a multiple of 4, on. */
export function drawWords(words: usize, b: usize, image: i32, site: u32, first: i32, count: i32): void {
  for (let i = 0; i < count; i += 32) {
    philox(
      words + (<usize>i << 2),
      (first + i) >> 2,
      load<u32>(b, SLOT) + image,
      site,
      load<u32>(b, STEP),
      load<u32>(b, SEED_LOW),
      load<u32>(b, SEED_HIGH),
    );
  }
}

/**
 * Stores the 32 words of counters `counter` to `counter + 7` in order. The other counter words and the key are as in
 * base/random.ts: (counter, slot, site, step) under (low, high).
 */
export function philox(out: usize, counter: u32, slot: u32, site: u32, step: u32, low: u32, high: u32): void {
  const first = i32x4.splat(counter), m0 = i32x4.splat(0xd2511f53), m1 = i32x4.splat(0xcd9e8d57);
  // two sets of four, so that one multiplies while the other waits: a the even counters, b the odd ones
  let a0 = i32x4.add(first, i32x4(0, 2, 4, 6)), b0 = i32x4.add(first, i32x4(1, 3, 5, 7));
  let a1 = i32x4.splat(slot), a2 = i32x4.splat(site), a3 = i32x4.splat(step);
  let b1 = a1, b2 = a2, b3 = a3;
  let k0 = i32x4.splat(low), k1 = i32x4.splat(high);
  for (let round = 0; round < 10; round++) {
    const al0 = i64x2.extmul_low_i32x4_u(a0, m0), bl0 = i64x2.extmul_low_i32x4_u(b0, m0);
    const ah0 = i64x2.extmul_high_i32x4_u(a0, m0), bh0 = i64x2.extmul_high_i32x4_u(b0, m0);
    const al1 = i64x2.extmul_low_i32x4_u(a2, m1), bl1 = i64x2.extmul_low_i32x4_u(b2, m1);
    const ah1 = i64x2.extmul_high_i32x4_u(a2, m1), bh1 = i64x2.extmul_high_i32x4_u(b2, m1);
    a0 = v128.xor(v128.xor(highWords(al1, ah1), a1), k0);
    b0 = v128.xor(v128.xor(highWords(bl1, bh1), b1), k0);
    a1 = lowWords(al1, ah1);
    b1 = lowWords(bl1, bh1);
    a2 = v128.xor(v128.xor(highWords(al0, ah0), a3), k1);
    b2 = v128.xor(v128.xor(highWords(bl0, bh0), b3), k1);
    a3 = lowWords(al0, ah0);
    b3 = lowWords(bl0, bh0);
    k0 = i32x4.add(k0, i32x4.splat(0x9e3779b9));
    k1 = i32x4.add(k1, i32x4.splat(0xbb67ae85));
  }
  storeFour(out, a0, a1, a2, a3);
  storeFour(out + 16, b0, b1, b2, b3);
}

// @ts-ignore: decorator
@inline
function lowWords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function highWords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7);
}

/** Stores the words of four counters 32 bytes apart: lane i of x0 to x3 are the words of the i-th. */
// @ts-ignore: decorator
@inline
function storeFour(out: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2), 0);
  v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 32);
  v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 64);
  v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 96);
}
