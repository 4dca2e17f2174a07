// sum_rows.ts: the sum of a double a row, leaf by leaf in the tree: of losses that the host computes (custom.ts).
import { rowsOf, scratchOf } from "./abi";
import { sum_rows as args } from "./generated/arguments";
import { collapse64, leafEnd, push64 } from "./leaves";

export function sum_rows(d: usize, b: usize, from: i32, to: i32): void {
  const stack = scratchOf(b), rows = rowsOf(b);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    sum += load<f64>(args.values(d, b) + (<usize>row << 3));
    if (row + 1 < leafEnd(b, leaf)) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(args.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}
