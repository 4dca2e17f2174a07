// clear_halo.ts: zeroes what surrounds the interior of a view. The interior itself is never touched.
import { clear_halo as args } from "./generated/arguments";
import { clear } from "./lanes";

export function clear_halo(d: usize, b: usize, from: i32, to: i32): void {
  const y = args.y(d, b), H = args.H(d), top = args.top(d), bottom = args.bottom(d);
  const row = <usize>args.yRow(d) << 2, image = <usize>args.yImage(d) << 2;
  const left = args.left(d), right = args.right(d), L = args.L(d);
  for (let i = from; i < to; i++) {
    const at = y + <usize>i * image;
    for (let h = -top; h < H + bottom; h++) {
      const start = at + <usize>h * row, before = start - (<usize>left << 2);
      if (h < 0 || h >= H) {
        clear(before, left + L + right);
      } else {
        clear(before, left);
        clear(start + (<usize>L << 2), right);
      }
    }
  }
}
