// philox.ts: Philox4x32-10 for four counters at once: the words of base/random.ts. What they are used for stands elsewhere.

/**
 * Stores the 16 words of counters `counter` to `counter + 3` in order. The other counter words and the key are as in
 * base/random.ts: (counter, slot, site, step) under (low, high).
 */
export function philox(out: usize, counter: u32, slot: u32, site: u32, step: u32, low: u32, high: u32): void {
  let x0 = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
  let x1 = i32x4.splat(slot), x2 = i32x4.splat(site), x3 = i32x4.splat(step);
  let k0 = low, k1 = high;
  for (let round = 0; round < 10; round++) {
    const m0 = i32x4.splat(0xd2511f53), m1 = i32x4.splat(0xcd9e8d57);
    const a = i64x2.extmul_low_i32x4_u(x0, m0), b = i64x2.extmul_high_i32x4_u(x0, m0);
    const c = i64x2.extmul_low_i32x4_u(x2, m1), e = i64x2.extmul_high_i32x4_u(x2, m1);
    x0 = v128.xor(v128.xor(v128.shuffle<i32>(c, e, 1, 3, 5, 7), x1), i32x4.splat(k0));
    x1 = v128.shuffle<i32>(c, e, 0, 2, 4, 6);
    x2 = v128.xor(v128.xor(v128.shuffle<i32>(a, b, 1, 3, 5, 7), x3), i32x4.splat(k1));
    x3 = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  // lane i of x0..x3 are the words of counter + i: transpose
  const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2), 0);
  v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 16);
  v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 32);
  v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 48);
}
