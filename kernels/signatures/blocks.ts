// blocks.ts: how much one tile of a kernel covers: what its signature, its twin and whoever splits a call agree on.

/** Width of a packed panel, in floats. */
export const PANEL = 16;
/** Rows of C that one tile of `gemm` covers. */
export const GEMM_BLOCK = 48;
/** Pixels, or rows of W, that one tile of `conv`, `depthwise` and `gemm_nt` covers. */
export const ROW_BLOCK = 96;
/** Panels of W, at most, that tiles of `gemm` walk through block of rows by block of rows, before the next panels: groups as even as can be. */
export const OPEN_PANELS = 48;
/** Slices of dY that tiles of `gemm_nt` walk through block of W's rows by block, before the next slices. */
export const OPEN_SLICES = 8;
/** Rows of a weight gradient that one tile of `gemm_tn` and `conv_dw` covers. */
export const OUT_BLOCK = 48;
/** Bytes that `gemm_tn` may copy of rows that lie in several arenas: three panels of A, and all of B, 64 bytes a row each. */
export const GATHER_BYTES = 2 ** 20;
/** Rows of K that one tile of a packing kernel covers. */
export const PACK_BLOCK = 512;
/** Pixels of a micro-shard, counted through all its images, that one tile of a batch's sums covers. */
export const PIXEL_BLOCK = 128;
/** Rows that one tile of a lookup covers: of ids forward, of the table backward. */
export const LOOKUP_BLOCK = 64;
/** Elements of a parameter that one tile of an optimizer covers, counted from the tensor's start. */
export const UPDATE_BLOCK = 4096;

/** Rows of K that one tile of `pack_winograd` covers, and input channels that one tile of `winograd_dw` covers. */
export const WINOGRAD_BLOCK = 64;
