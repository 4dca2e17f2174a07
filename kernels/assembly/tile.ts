// tile.ts: the micro-tile that this instance works with, chosen by the host for its engine (kernels/load.ts). It never changes a bit
// of any result: it only decides how many rows and columns stay in registers at once.

// @ts-ignore: decorator
@external("env", "tileRows")
export declare const tileRows: i32;
/** 4 = a whole panel of 16 columns, 2 = half of one. */
// @ts-ignore: decorator
@external("env", "tileVectors")
export declare const tileVectors: i32;

/** Widest panel, in floats, and its row in bytes. */
export const PANEL: i32 = 16;
export const PANEL_BYTES: usize = 64;
/** Rows of C in one tile of `gemm` (kernels/signatures.ts). */
export const GEMM_BLOCK: i32 = 48;
/** Pixels, or rows of W, in one tile (kernels/signatures.ts). */
export const ROW_BLOCK: i32 = 96;
/** Rows of a weight gradient in one tile (kernels/signatures.ts). */
export const OUT_BLOCK: i32 = 48;
/** Rows of K that one tile of a packing kernel covers (kernels/signatures.ts). */
export const PACK_BLOCK: i32 = 512;

/**
 * Longest sum of one block of K. Its panel streams from the second-level cache as fast as it is multiplied; each block more would read C
 * again, which costs more. Part of the profile.
 */
const K_BLOCK: i32 = 1024;

/** Length of the blocks, as even as can be, in which a sum over K is taken. At least 1. */
// @ts-ignore: decorator
@inline
export function sumBlock(K: i32): i32 {
  return ceilDiv(K, max(1, ceilDiv(K, K_BLOCK)));
}

// @ts-ignore: decorator
@inline
export function ceilDiv(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

/** The first panel that tiles `from` to `to` need, of so many in a row of tiles: the first of all, unless the tiles lie in one row. */
// @ts-ignore: decorator
@inline
export function firstPanel(from: i32, to: i32, panels: i32): i32 {
  return from / panels == (to - 1) / panels ? from % panels : 0;
}

/** The panel behind the last that they need. */
// @ts-ignore: decorator
@inline
export function endPanel(from: i32, to: i32, panels: i32): i32 {
  return from / panels == (to - 1) / panels ? (to - 1) % panels + 1 : panels;
}
