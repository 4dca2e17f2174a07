// combine.ts: an operation of two operands, either of which may be broadcast: its stride along an axis is then 0. Same shapes: map.ts.
import { combine as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";

@unmanaged
class Add {
  // @ts-ignore: decorator
  @inline
  of(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}

@unmanaged
class Subtract {
  // @ts-ignore: decorator
  @inline
  of(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
}

@unmanaged
class Multiply {
  // @ts-ignore: decorator
  @inline
  of(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
}

@unmanaged
class Maximum {
  // @ts-ignore: decorator
  @inline
  of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
}

@unmanaged
class Minimum {
  // @ts-ignore: decorator
  @inline
  of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
}

/** `operation` as in kernels/signatures.ts. */
export function combine(d: usize, b: usize, from: i32, to: i32): void {
  const operation = args.operation(d);
  if (operation == 0) walk<Add>(d, b, from, to);
  else if (operation == 1) walk<Subtract>(d, b, from, to);
  else if (operation == 2) walk<Multiply>(d, b, from, to);
  else if (operation == 3) walk<Maximum>(d, b, from, to);
  else walk<Minimum>(d, b, from, to);
}

function walk<F>(d: usize, b: usize, from: i32, to: i32): void {
  const A = args.A(d), B = args.B(d), L = args.L(d);
  for (let image = from; image < to; image++) {
    for (let i = 0; i < A; i++) {
      let p = args.a(d, b) + (<usize>(image * args.aImage(d) + i * args.aA(d)) << 2);
      let q = args.b(d, b) + (<usize>(image * args.bImage(d) + i * args.bA(d)) << 2);
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + i * args.yA(d)) << 2);
      for (let j = 0; j < B; j++) {
        if (args.aL(d) && args.bL(d)) both<F>(p, q, y, L);
        else spread<F>(p, args.aL(d) != 0, q, args.bL(d) != 0, y, L);
        p += <usize>args.aB(d) << 2;
        q += <usize>args.bB(d) << 2;
        y += <usize>args.yB(d) << 2;
      }
    }
  }
}

function both<F>(a: usize, b: usize, y: usize, n: i32): void {
  const f = changetype<F>(0);
  for (; n >= 16; n -= 16) {
    const a0 = v128.load(a, 0), a1 = v128.load(a, 16), a2 = v128.load(a, 32), a3 = v128.load(a, 48);
    const b0 = v128.load(b, 0), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    // @ts-ignore: F is a class with this method
    const y0 = f.of(a0, b0), y1 = f.of(a1, b1), y2 = f.of(a2, b2), y3 = f.of(a3, b3);
    v128.store(y, y3, 48);
    v128.store(y, y2, 32);
    v128.store(y, y1, 16);
    v128.store(y, y0, 0);
    a += 64;
    b += 64;
    y += 64;
  }
  for (; n > 0; n -= 4) {
    // @ts-ignore: as above
    storeUpTo(y, f.of(v128.load(a), v128.load(b)), n);
    a += 16;
    b += 16;
    y += 16;
  }
}

/** One or both are the same value all along. */
function spread<F>(a: usize, aMoves: bool, b: usize, bMoves: bool, y: usize, n: i32): void {
  const f = changetype<F>(0), a0 = v128.load32_splat(a), b0 = v128.load32_splat(b);
  for (; n > 0; n -= 4) {
    // @ts-ignore: as above
    storeUpTo(y, f.of(aMoves ? v128.load(a) : a0, bMoves ? v128.load(b) : b0), n);
    a += 16;
    b += 16;
    y += 16;
  }
}
