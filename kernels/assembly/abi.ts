// abi.ts: how a kernel reads its descriptor and bindings (kernels/abi.ts draws both). No kernel.

// word offsets of the bindings, in bytes
export const ROWS: usize = 64;
export const LADDER_COUNT: usize = 68;
export const LADDER: usize = 72;
export const STEP: usize = 200;
export const SLOT: usize = 204;
export const SEED_LOW: usize = 208;
export const SEED_HIGH: usize = 212;
export const REDUCE: usize = 216;
export const LEAVES: usize = 220;
export const LEAF_ENDS: usize = 224;
export const CARRIED: usize = 228;
export const BUNDLES: usize = 232;
export const GATHERED: usize = 240;
export const SCRATCH_SPACE: usize = 12;

// @ts-ignore: decorator
@inline
export function operandAt(d: usize, bindings: usize, at: usize): usize {
  return <usize>load<u32>(bindings + (<usize>load<u32>(d + at) << 2)) + <usize>load<u32>(d + at, 4);
}

// @ts-ignore: decorator
@inline
export function offsetAt(d: usize, at: usize): usize {
  return <usize>load<u32>(d + at, 4);
}

// @ts-ignore: decorator
@inline
export function intAt(d: usize, at: usize): i32 {
  return load<i32>(d + at);
}

// @ts-ignore: decorator
@inline
export function floatAt(d: usize, at: usize): f32 {
  return load<f32>(d + at);
}

// @ts-ignore: decorator
@inline
export function rowsOf(bindings: usize): i32 {
  return load<i32>(bindings, ROWS);
}

// @ts-ignore: decorator
@inline
export function arenaOf(bindings: usize): usize {
  return <usize>load<u32>(bindings);
}

// @ts-ignore: decorator
@inline
export function scratchOf(bindings: usize): usize {
  return <usize>load<u32>(bindings, SCRATCH_SPACE << 2);
}

/** a * b + c: fused in the relaxed build, mul then add in the simd build. */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Modes of a micro-kernel's epilogue: add to what is there; then max with 0. */
export const ADD: i32 = 1;
export const RELU: i32 = 2;
/** The result is asked for before it is made (far.ts). */
export const FAR: i32 = 4;

/** max(x, 0) that lets NaN pass. */
// @ts-ignore: decorator
@inline
export function positive(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}
