// add.ts: the sum of two views. Not the sums of the tree (reduce.ts).
import { add as args } from "./generated/arguments";
import { mapTwo } from "./map";

@unmanaged
class Add {
  // @ts-ignore: decorator
  @inline
  of(a: v128, b: v128): v128 {
    return f32x4.add(a, b);
  }
}

export function add(d: usize, b: usize, from: i32, to: i32): void {
  mapTwo<Add>(
    args.H(d), args.L(d),
    args.a(d, b), args.aImage(d), args.aRow(d),
    args.b(d, b), args.bImage(d), args.bRow(d),
    args.y(d, b), args.yImage(d), args.yRow(d),
    from, to,
  );
}
