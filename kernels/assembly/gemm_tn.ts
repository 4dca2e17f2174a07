// gemm_tn.ts: out = A^T x B and the ladder: gradients of dense weights. A tile is OUT_BLOCK rows of out by one panel of columns.
import { ADD, rowsOf, scratchOf } from "./abi";
import { gemm_tn as args } from "./generated/arguments";
import { finish, ladderCount, siblingBase } from "./ladder";
import { sweepOuter } from "./sweep";
import { ceilDiv, OUT_BLOCK, PANEL, PANEL_BYTES } from "./tile";

/** Samples summed at once. Part of the profile. */
const SUM_BLOCK: i32 = 128;
/** Tiles whose sums are open at once, in scratch, where there is more than one block of samples. */
const OPEN_TILES: i32 = 32;
const TILE_BYTES: usize = 48 * 64;

export function gemm_tn(d: usize, b: usize, from: i32, to: i32): void {
  const a = args.a(d, b), y = args.b(d, b), out = args.out(d, b), offset = args.outOffset(d);
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d);
  const as = <usize>args.lda(d) << 2, ys = <usize>args.ldb(d) << 2, os = <usize>args.ldo(d) << 2;
  const scratch = scratchOf(b), panels = ceilDiv(N, PANEL), single = M <= SUM_BLOCK;
  const siblings = ladderCount(b), nearest = siblingBase(b, 0) + offset;
  for (let open = from; open < to; open += single ? 1 : OPEN_TILES) {
    const close = min(to, open + (single ? 1 : OPEN_TILES));
    for (let first = 0; first < M; first += SUM_BLOCK) {
      const count = min(SUM_BLOCK, M - first);
      for (let tile = open; tile < close; tile++) {
        const row = (tile / panels) * OUT_BLOCK, column = (tile % panels) * PANEL;
        const rows = min(OUT_BLOCK, K - row), columns = min(PANEL, N - column), at = os * row + (<usize>column << 2);
        const p = a + as * first + (<usize>row << 2), q = y + ys * first + (<usize>column << 2);
        if (single && columns == PANEL) {
          sweepOuter(p, as, q, ys, count, out + at, os, nearest + at, rows, columns, siblings > 0 ? ADD : 0);
          if (siblings > 1) finish(b, 1, out + at, os, out + at, offset + at, os, rows, columns);
        } else {
          const sums = scratch + TILE_BYTES * (tile - open);
          sweepOuter(p, as, q, ys, count, sums, PANEL_BYTES, sums, rows, columns, first > 0 ? ADD : 0);
          if (first + count == M) finish(b, 0, sums, PANEL_BYTES, out + at, offset + at, os, rows, columns);
        }
      }
    }
  }
}
