// leaves.ts: sums over several leaves in one call: each leaf's own sum first, then added in the tree, as if each had been a call.
// A binary counter: a stack of sums, one a level; a finished right child is added to its left sibling. No kernel.
import { LEAF_ENDS, LEAVES, rowsOf } from "./abi";
import { PANEL_BYTES } from "./tile";

/** Leaves of this call, at least 1. */
// @ts-ignore: decorator
@inline
export function leafCount(b: usize): i32 {
  return max(1, load<i32>(b, LEAVES));
}

/** The row after the last of leaf i. */
// @ts-ignore: decorator
@inline
export function leafEnd(b: usize, i: i32): i32 {
  return load<i32>(b, LEAVES) > 1 ? load<i32>(<usize>load<u32>(b, LEAF_ENDS) + (<usize>i << 2)) : rowsOf(b);
}

/** Finished left siblings, one above the other, that leaf i completes. */
// @ts-ignore: decorator
@inline
export function merges(i: i32): i32 {
  return ctz(~i);
}

/** Most sums that are held at once. */
// @ts-ignore: decorator
@inline
export function levels(leaves: i32): i32 {
  return 32 - clz(leaves);
}

/** left += right, `rows` rows of a panel. */
export function addTile(left: usize, right: usize, rows: i32): void {
  for (const end = left + PANEL_BYTES * rows; left < end; left += PANEL_BYTES) {
    const s0 = f32x4.add(v128.load(left), v128.load(right)), s1 = f32x4.add(v128.load(left, 16), v128.load(right, 16));
    const s2 = f32x4.add(v128.load(left, 32), v128.load(right, 32)), s3 = f32x4.add(v128.load(left, 48), v128.load(right, 48));
    v128.store(left, s3, 48);
    v128.store(left, s2, 32);
    v128.store(left, s1, 16);
    v128.store(left, s0);
    right += PANEL_BYTES;
  }
}

/** Puts leaf i's sum on a stack of doubles; returns the new depth. After the last leaf, `collapse` gives the total. */
export function push64(stack: usize, depth: i32, i: i32, sum: f64): i32 {
  for (let n = merges(i); n > 0; n--) {
    depth--;
    sum = load<f64>(stack + (<usize>depth << 3)) + sum;
  }
  store<f64>(stack + (<usize>depth << 3), sum);
  return depth + 1;
}

export function collapse64(stack: usize, depth: i32): f64 {
  let sum = load<f64>(stack + (<usize>(depth - 1) << 3));
  for (let level = depth - 2; level >= 0; level--) sum = load<f64>(stack + (<usize>level << 3)) + sum;
  return sum;
}
