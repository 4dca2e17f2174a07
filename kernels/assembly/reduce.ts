// reduce.ts: sums over the tree: the ladder of finished left siblings, and reduce programs (kernels/abi.ts). Always left + right.
import { CARRIED, LADDER, LADDER_COUNT, REDUCE, scratchOf } from "./abi";
import {
  gradient_sums as sumsArgs, ladder_f64 as ladderArgs, reduce_f32 as floatArgs, reduce_f64 as doubleArgs,
} from "./generated/arguments";

/** Floats that a reduce program is run on at a time: four streams of them fit a first-level cache. */
export const BLOCK: i32 = 1024;
/** Elements of a tensor that a tile covers (signatures.ts). */
export const TILE: i32 = 4096;
const BLOCK_BYTES: usize = <usize>BLOCK << 2;
/** Stack of blocks in scratch; their addresses lie behind it. */
const DEPTH: usize = 40;
/** Scratch that no reduce program uses, for the ends of updates. */
export const SPARE: usize = (DEPTH + 1) * BLOCK_BYTES;

/** Four floats of this leaf's sum, with the same four of each finished left sibling added: deepest first. */
// @ts-ignore: decorator
@inline
export function climb(b: usize, offset: usize, sum: v128): v128 {
  const count = load<u32>(b, LADDER_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    sum = f32x4.add(v128.load(<usize>load<u32>(b + (<usize>i << 2), LADDER) + offset), sum);
  }
  return sum;
}

/** The same for a double. */
// @ts-ignore: decorator
@inline
function climb64(b: usize, offset: usize, sum: f64): f64 {
  const count = load<u32>(b, LADDER_COUNT);
  for (let i: u32 = 0; i < count; i++) sum = load<f64>(<usize>load<u32>(b + (<usize>i << 2), LADDER) + offset) + sum;
  return sum;
}

/**
 * Runs the reduce program for n <= BLOCK floats at byte `offset` of each part. Returns where the sum lies: in scratch, or in the
 * part itself when it is the only one.
 */
export function reduced(b: usize, offset: usize, n: i32): usize {
  const program = <usize>load<u32>(b, REDUCE), length = load<u32>(program);
  const blocks = scratchOf(b), stack = blocks + DEPTH * BLOCK_BYTES;
  let depth: usize = 0;
  for (let i: u32 = 0; i < length; i++) {
    const part = <usize>load<u32>(program + (<usize>i << 2), 4);
    if (part) {
      store<u32>(stack + (depth << 2), part + offset);
      depth++;
      continue;
    }
    depth--;
    const top = stack + ((depth - 1) << 2), sum = blocks + (depth - 1) * BLOCK_BYTES;
    addBlocks(<usize>load<u32>(top), <usize>load<u32>(top, 4), sum, n);
    store<u32>(top, sum);
  }
  return <usize>load<u32>(stack);
}

/** Byte of a step's scalars (kernels/signatures.ts): what a gradient's sum is clipped to. */
const LIMIT: usize = 56;

/** As `reduced`, of a gradient: with what earlier steps carried, clipped to the limit of the step's scalars `c`. */
export function gradients(b: usize, c: usize, offset: usize, n: i32): usize {
  let sum = reduced(b, offset, n);
  const carried = <usize>load<u32>(b, CARRIED), limit = load<f32>(c, LIMIT), block = scratchOf(b);
  if (carried) {
    addBlocks(carried + offset, sum, block, n);
    sum = block;
  }
  if (!(limit > 0)) return sum;
  const most = f32x4.splat(limit), least = f32x4.splat(-limit);
  for (let i: usize = 0, end = <usize>n << 2; i < end; i += 16) {
    v128.store(block + i, f32x4.max(f32x4.min(v128.load(sum + i), most), least));
  }
  return block;
}

function addBlocks(left: usize, right: usize, sum: usize, n: i32): void {
  for (; n > 0; n -= 16) {
    const l0 = v128.load(left, 0), l1 = v128.load(left, 16), l2 = v128.load(left, 32), l3 = v128.load(left, 48);
    const r0 = v128.load(right, 0), r1 = v128.load(right, 16), r2 = v128.load(right, 32), r3 = v128.load(right, 48);
    v128.store(sum, f32x4.add(l0, r0), 0);
    v128.store(sum, f32x4.add(l1, r1), 16);
    v128.store(sum, f32x4.add(l2, r2), 32);
    v128.store(sum, f32x4.add(l3, r3), 48);
    left += 64;
    right += 64;
    sum += 64;
  }
}

export function reduce_f32(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, floatArgs.count(d));
  for (let i = from * TILE; i < end; i += BLOCK) {
    const n = min(BLOCK, end - i), at = <usize>i << 2;
    memory.copy(floatArgs.out(d, b) + at, reduced(b, <usize>floatArgs.partAt(d) + at, n), <usize>n << 2);
  }
}

/** Doubles are few: sums and counts. One at a time, on a stack of doubles. */
export function reduce_f64(d: usize, b: usize, from: i32, to: i32): void {
  const program = <usize>load<u32>(b, REDUCE), length = load<u32>(program);
  for (let i = 0; i < doubleArgs.count(d); i++) {
    const offset = <usize>doubleArgs.partAt(d) + (<usize>i << 3);
    let top = scratchOf(b) - 8;
    for (let entry: u32 = 0; entry < length; entry++) {
      const part = <usize>load<u32>(program + (<usize>entry << 2), 4);
      if (part) {
        top += 8;
        store<f64>(top, load<f64>(part + offset));
      } else {
        top -= 8;
        store<f64>(top, load<f64>(top) + load<f64>(top, 8));
      }
    }
    store<f64>(doubleArgs.out(d, b) + (<usize>i << 3), load<f64>(top));
  }
}

export function ladder_f64(d: usize, b: usize, from: i32, to: i32): void {
  for (let i = 0; i < ladderArgs.count(d); i++) {
    const at = <usize>i << 3, values = ladderArgs.values(d, b) + at;
    store<f64>(values, climb64(b, ladderArgs.valuesOffset(d) + at, load<f64>(values)));
  }
}

export function gradient_sums(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, sumsArgs.count(d)), c = sumsArgs.scalars(d, b);
  for (let i = from * TILE; i < end; i += BLOCK) {
    const n = min(BLOCK, end - i), at = <usize>i << 2;
    memory.copy(sumsArgs.out(d, b) + at, gradients(b, c, <usize>sumsArgs.partAt(d) + at, n), <usize>n << 2);
  }
}
