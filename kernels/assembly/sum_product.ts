// sum_product.ts: sums of a * b over some of the axes A, B and L of each image: gradients of what was broadcast, products of matrices.
// A row's sum first, then the sum of rows: few additions one after another.
import { fma } from "./abi";
import { sum_product as args } from "./generated/arguments";
import { lanesBelow, storeUpTo, sumLanes } from "./lanes";

export function sum_product(d: usize, b: usize, from: i32, to: i32): void {
  const over = args.over(d), L = args.L(d), A = args.A(d), B = args.B(d);
  const sumsA = over & 1 ? A : 1, sumsB = over & 2 ? B : 1, keptA = over & 1 ? 1 : A, keptB = over & 2 ? 1 : B;
  const aA = <usize>args.aA(d) << 2, aB = <usize>args.aB(d) << 2, bA = <usize>args.bA(d) << 2, bB = <usize>args.bB(d) << 2;
  const aL = args.aL(d) != 0, bL = args.bL(d) != 0;
  for (let image = from; image < to; image++) {
    for (let i = 0; i < keptA; i++) {
      for (let j = 0; j < keptB; j++) {
        const p = args.a(d, b) + (<usize>(image * args.aImage(d)) << 2) + <usize>i * aA + <usize>j * aB;
        const q = args.b(d, b) + (<usize>(image * args.bImage(d)) << 2) + <usize>i * bA + <usize>j * bB;
        const y = args.y(d, b) + (<usize>(image * args.yImage(d) + i * args.yA(d) + j * args.yB(d)) << 2);
        if (over & 4) store<f32>(y, total(p, q, sumsA, aA, bA, sumsB, aB, bB, L, aL, bL));
        else columns(p, q, y, sumsA, aA, bA, sumsB, aB, bB, L, aL, bL);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function read(at: usize, moves: bool, byte: usize): v128 {
  return moves ? v128.load(at + byte) : v128.load32_splat(at);
}

/** y (L) = sums over the other axes, 8 columns at a time. */
function columns(
  p: usize, q: usize, y: usize, A: i32, aA: usize, bA: usize, B: i32, aB: usize, bB: usize, L: i32, aL: bool, bL: bool,
): void {
  for (let l = 0; l < L; l += 8) {
    const at = <usize>l << 2;
    let s0 = f32x4.splat(0), s1 = s0;
    for (let i = 0; i < A; i++) {
      let u = p + <usize>i * aA, v = q + <usize>i * bA, r0 = f32x4.splat(0), r1 = r0;
      for (let j = 0; j < B; j++) {
        r0 = fma(read(u, aL, at), read(v, bL, at), r0);
        r1 = fma(read(u, aL, at + 16), read(v, bL, at + 16), r1);
        u += aB;
        v += bB;
      }
      s0 = f32x4.add(s0, r0);
      s1 = f32x4.add(s1, r1);
    }
    if (L - l >= 8) {
      v128.store(y, s1, 16);
      v128.store(y, s0, 0);
    } else {
      storeUpTo(y, s0, L - l);
      if (L - l > 4) storeUpTo(y + 16, s1, L - l - 4);
    }
    y += 32;
  }
}

/** The sum over all three axes. */
function total(
  p: usize, q: usize, A: i32, aA: usize, bA: usize, B: i32, aB: usize, bB: usize, L: i32, aL: bool, bL: bool,
): f32 {
  const whole = L & ~3, tail = lanesBelow(L & 3), end = <usize>whole << 2;
  let sum = f32x4.splat(0);
  for (let i = 0; i < A; i++) {
    let u = p + <usize>i * aA, v = q + <usize>i * bA, row = f32x4.splat(0);
    for (let j = 0; j < B; j++) {
      let part = f32x4.splat(0);
      for (let at: usize = 0; at < end; at += 16) part = fma(read(u, aL, at), read(v, bL, at), part);
      if (L & 3) part = fma(v128.and(read(u, aL, end), tail), v128.and(read(v, bL, end), tail), part);
      row = f32x4.add(row, part);
      u += aB;
      v += bB;
    }
    sum = f32x4.add(sum, row);
  }
  return f32x4.extract_lane(sumLanes(sum), 0);
}
