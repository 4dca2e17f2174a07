// clear_halo.ts: zeroes what surrounds the interior of a view. The interior itself is never touched.
import { clear_halo as args } from "./generated/arguments";

export function clear_halo(d: usize, b: usize, from: i32, to: i32): void {
  const y = args.y(d, b), H = args.H(d), top = args.top(d), bottom = args.bottom(d);
  const row = <usize>args.yRow(d) << 2, image = <usize>args.yImage(d) << 2;
  const left = <usize>args.left(d) << 2, right = <usize>args.right(d) << 2, inner = <usize>args.L(d) << 2;
  for (let i = from; i < to; i++) {
    const at = y + <usize>i * image;
    for (let h = -top; h < H + bottom; h++) {
      const start = at + <usize>h * row;
      if (h < 0 || h >= H) {
        memory.fill(start - left, 0, left + inner + right);
      } else {
        if (left) memory.fill(start - left, 0, left);
        if (right) memory.fill(start + inner, 0, right);
      }
    }
  }
}
