// mean_squared_error.ts: squared differences, a mean over C for each row, and their gradient. In doubles.
import { rowsOf, scratchOf } from "./abi";
import { highHalf, joined, lowHalf, sum64, weightAt } from "./doubles";
import { mean_squared_error as args } from "./generated/arguments";
import { lanesBelow, storeUpTo } from "./lanes";
import { collapse64, leafEnd, push64 } from "./leaves";

export function mean_squared_error(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * args.m(d), C = args.C(d), wantGradient = args.wantGradient(d);
  const share = f64x2.splat(<f64>C);
  const stack = scratchOf(b), m = args.m(d);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const y = args.y(d, b) + (<usize>(row * args.ldy(d)) << 2);
    const targets = args.targets(d, b) + (<usize>(row * C) << 2);
    const dY = args.dY(d, b) + (<usize>(row * args.ldd(d)) << 2);
    const weight = weightAt(args.weights(d, b), row, args.hasWeights(d)), scale = f64x2.splat(weight);
    let loss = f64x2.splat(0);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const own = v128.and(v128.load(y + at), valid), t = v128.and(v128.load(targets + at), valid);
      const low = f64x2.sub(lowHalf(own), lowHalf(t)), high = f64x2.sub(highHalf(own), highHalf(t));
      loss = f64x2.add(loss, f64x2.mul(low, low));
      loss = f64x2.add(loss, f64x2.mul(high, high));
      if (wantGradient) {
        const dLow = f64x2.div(f64x2.mul(f64x2.add(low, low), scale), share);
        const dHigh = f64x2.div(f64x2.mul(f64x2.add(high, high), scale), share);
        storeUpTo(dY + at, joined(dLow, dHigh), C - c);
      }
    }
    sum += (weight * sum64(loss)) / <f64>C;
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(args.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}
