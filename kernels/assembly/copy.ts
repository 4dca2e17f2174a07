// copy.ts: copies a view; also the smallest example of a kernel. No arithmetic.
import { rowsOf } from "./abi";
import { copy as args } from "./generated/arguments";

export function copy(d: usize, b: usize, from: i32, to: i32): void {
  const x = args.x(d, b), y = args.y(d, b);
  const H = args.H(d), bytes = <usize>args.L(d) << 2;
  const xImage = <usize>args.xImage(d) << 2, xRow = <usize>args.xRow(d) << 2;
  const yImage = <usize>args.yImage(d) << 2, yRow = <usize>args.yRow(d) << 2;
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      memory.copy(y + <usize>image * yImage + <usize>h * yRow, x + <usize>image * xImage + <usize>h * xRow, bytes);
    }
  }
}
