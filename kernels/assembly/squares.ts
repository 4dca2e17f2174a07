// squares.ts: sums of squares in f64, one for each tile: what norms are made of. The joining of them: norms.ts.
import { gradient_squares as gradientArgs, squares as args } from "./generated/arguments";
import { lanesBelow } from "./lanes";
import { BLOCK, gradients, TILE } from "./reduce";
import { inverseOf } from "./update";

/** The sum of (x factor)^2 over n floats: the product in f32, its square in f64; even places and odd ones apart. */
export function squareSum(x: usize, factor: v128, n: i32): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (; n > 0; n -= 4) {
    const product = v128.and(f32x4.mul(v128.load(x), factor), lanesBelow(n));
    const first = f64x2.promote_low_f32x4(product);
    const second = f64x2.promote_low_f32x4(v128.shuffle<f32>(product, product, 2, 3, 0, 1));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
    x += 16;
  }
  const both = f64x2.add(low, high);
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

export function squares(d: usize, b: usize, from: i32, to: i32): void {
  const count = args.count(d), one = f32x4.splat(1);
  for (let tile = from; tile < to; tile++) {
    const i = tile * TILE;
    store<f64>(args.out(d, b) + (<usize>tile << 3), squareSum(args.x(d, b) + (<usize>i << 2), one, min(TILE, count - i)));
  }
}

export function gradient_squares(d: usize, b: usize, from: i32, to: i32): void {
  const count = gradientArgs.count(d), c = gradientArgs.scalars(d, b), inverse = inverseOf(c);
  for (let tile = from; tile < to; tile++) {
    const end = min((tile + 1) * TILE, count);
    let sum: f64 = 0;
    for (let i = tile * TILE; i < end; i += BLOCK) {
      const n = min(BLOCK, end - i);
      sum += squareSum(gradients(b, c, <usize>gradientArgs.partAt(d) + (<usize>i << 2), n), inverse, n);
    }
    store<f64>(gradientArgs.out(d, b) + (<usize>tile << 3), sum);
  }
}
