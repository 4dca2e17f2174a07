// pack_transposed.ts: A (M, K) -> slices [K][width] of its transpose, zero padded. A tile is one slice of `width` rows.
import { rowsOf } from "./abi";
import { pack_transposed as args } from "./generated/arguments";
import { transpose } from "./transpose";

export function pack_transposed(d: usize, b: usize, from: i32, to: i32): void {
  const source = args.source(d, b), packed = args.packed(d, b);
  const M = rowsOf(b) * args.m(d), K = args.K(d), ld = <usize>args.ld(d) << 2, width = args.width(d);
  for (let tile = from; tile < to; tile++) {
    const row = tile * width, rows = min(width, M - row);
    const q = packed + (<usize>(row * K) << 2);
    if (rows < width) memory.fill(q, 0, <usize>(width * K) << 2);
    transpose(source + ld * row, ld, q, <usize>width << 2, rows, K);
  }
}
