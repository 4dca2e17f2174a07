// moving_average.ts: a moving statistic after a step: p' = p momentum + s (1 - momentum), s the mean over the rows of what the
// reduce program (reduce.ts) adds up. No optimizer.
import { fma } from "./abi";
import { moving_average as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { BLOCK, reduced, TILE } from "./reduce";

export function moving_average(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, args.count(d));
  const inverse = f32x4.div(f32x4.splat(1), v128.load32_splat(args.scalars(d, b)));
  const share = f32x4.mul(inverse, f32x4.splat(args.oneMinusMomentum(d)));
  const momentum = f32x4.splat(args.momentum(d));
  for (let i = from * TILE; i < end; i += BLOCK) {
    const at = <usize>i << 2;
    const n = min(BLOCK, end - i);
    const s = reduced(b, <usize>args.partAt(d) + at, n), p = args.p(d, b) + at, nextP = args.nextP(d, b) + at;
    for (let j = 0; j < n; j += 4) {
      const place = <usize>j << 2;
      const old = v128.load(p + place), sum = v128.load(s + place);
      storeUpTo(nextP + place, fma(momentum, old, f32x4.mul(sum, share)), n - j);
    }
  }
}
