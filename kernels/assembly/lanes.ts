// lanes.ts: the ends of rows: which lanes of a vector are valid, storing only those; sums and maxima across lanes.

/** Ones in the lanes below `n`, zeroes from there on. */
// @ts-ignore: decorator
@inline
export function lanesBelow(n: i32): v128 {
  return i32x4.gt_s(i32x4.splat(n), i32x4(0, 1, 2, 3));
}

/** Stores the first `n` (0 to 3) lanes of a vector. */
// @ts-ignore: decorator
@inline
export function storeLanes(at: usize, v: v128, n: i32): void {
  if (n & 2) {
    v128.store64_lane(at, v, 0);
    if (n & 1) v128.store32_lane(at, v, 2, 8);
  } else if (n & 1) {
    v128.store32_lane(at, v, 0);
  }
}

/** Stores the first min(n, 4) lanes of a vector. */
// @ts-ignore: decorator
@inline
export function storeUpTo(at: usize, v: v128, n: i32): void {
  if (n >= 4) v128.store(at, v);
  else storeLanes(at, v, n);
}

/** Zeroes n floats. For pieces of rows: memory.fill leaves the module, which takes longer than a short piece. */
export function clear(at: usize, n: i32): void {
  const zero = i32x4.splat(0);
  for (; n >= 4; n -= 4) {
    v128.store(at, zero);
    at += 16;
  }
  if (n > 0) storeLanes(at, zero, n);
}

/** The sum of four lanes in every lane: (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): v128 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}

/** The greatest of four lanes in every lane. */
// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): v128 {
  const pairs = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.pmax(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}
