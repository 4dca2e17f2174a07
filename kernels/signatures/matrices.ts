// matrices.ts: signatures of matrix products and the packing of their operands. No arithmetic (../signatures.ts).
import { GEMM_BLOCK, OUT_BLOCK, PACK_BLOCK, ROW_BLOCK } from './blocks.ts';
import { define, fixed, panels } from './kind.ts';

export const matrices = {
  // ---- matrices. W (K, N) row major; packed [group][N/16][K][16], zero padded
  pack_panels: define(['source', 'packed'], ['K', 'N', 'ld', 'groups', 'groupStride'], [], (i) =>
    fixed(i.groups * panels(i.N) * Math.ceil(i.K / PACK_BLOCK)),
  ),
  // W (tap, N, K) with row stride ld and byte offsets `taps` -> packed [group][N/16][T*K][16]: each tap's matrix transposed
  pack_taps: define(['source', 'taps', 'packed'], ['T', 'K', 'N', 'ld', 'groups', 'groupStride'], [], (i) =>
    fixed(i.groups * panels(i.N) * i.T),
  ),
  // A (M, K) row stride ld -> packed [M/width][K][width], width 8 or 16, rows from M on are zero
  pack_transposed: define(['source', 'packed'], ['m', 'K', 'ld', 'width'], [], (i) => ({
    each: 1,
    m: i.m,
    per: i.width,
  })),
  // C (M, N) = activation(A (M, K) x W (K, N) + bias). activation: 0 none, 1 relu. Of several bundles (abi.ts) a tile is one panel of all rows
  gemm: define(['a', 'w', 'bias', 'c'], ['m', 'K', 'N', 'lda', 'ldw', 'ldc', 'hasBias', 'activation'], [], (i) => ({
    each: panels(i.N),
    m: i.m,
    per: GEMM_BLOCK,
  })),
  // out (K, N) = A (M, K)^T x B (M, N), then + each finished left sibling (abi.ts, ladder)
  gemm_tn: define(['a', 'b', 'out'], ['m', 'K', 'N', 'lda', 'ldb', 'ldo'], [], (i) =>
    fixed(Math.ceil(i.K / OUT_BLOCK) * panels(i.N)),
  ),
  // dX (M, K) = dY (M, N) x W (K, N)^T, with dY given by pack_transposed of the same width
  gemm_nt: define(['w', 'packedT', 'dx'], ['m', 'K', 'N', 'ldw', 'ldx', 'width'], [], (i) => ({
    each: Math.ceil(i.K / ROW_BLOCK),
    m: i.m,
    per: i.width,
  })),
};
