// weigh_f64.ts: a weighted sum of a few doubles: what the losses of several outputs add up to. Not the sums of the tree (reduce.ts).
import { weigh_f64 as args } from "./generated/arguments";

export function weigh_f64(d: usize, b: usize, from: i32, to: i32): void {
  const values = args.values(d, b), weights = args.weights(d, b);
  let sum: f64 = 0;
  for (let i = 0; i < args.count(d); i++) {
    sum += load<f64>(values + (<usize>i << 3)) * <f64>load<f32>(weights + (<usize>i << 2));
  }
  store<f64>(args.sum(d, b), sum);
}
