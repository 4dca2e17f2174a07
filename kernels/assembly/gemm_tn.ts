// gemm_tn.ts: out = A^T x B and the ladder: gradients of dense weights. A tile is OUT_BLOCK rows of out by one panel of columns.
import { ADD, rowsOf, scratchOf } from "./abi";
import { gemm_tn as args } from "./generated/arguments";
import { finish, ladderCount } from "./ladder";
import { sweepOuter } from "./sweep";
import { ceilDiv, OUT_BLOCK, PANEL, PANEL_BYTES } from "./tile";

/** Samples summed at once, and tiles whose sums are open at once: both keep what is read and written in the caches. */
const SUM_BLOCK: i32 = 128;
const OPEN_TILES: i32 = 32;
const TILE_BYTES: usize = 48 * 64;

export function gemm_tn(d: usize, b: usize, from: i32, to: i32): void {
  const a = args.a(d, b), y = args.b(d, b), out = args.out(d, b), offset = args.outOffset(d);
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d);
  const as = <usize>args.lda(d) << 2, ys = <usize>args.ldb(d) << 2, os = <usize>args.ldo(d) << 2;
  const scratch = scratchOf(b), panels = ceilDiv(N, PANEL);
  const direct = M <= SUM_BLOCK && ladderCount(b) == 0;
  for (let open = from; open < to; open += OPEN_TILES) {
    const close = min(to, open + OPEN_TILES);
    for (let first = 0; first < M; first += SUM_BLOCK) {
      const count = min(SUM_BLOCK, M - first), mode = first > 0 ? ADD : 0;
      for (let tile = open; tile < close; tile++) {
        const row = (tile / panels) * OUT_BLOCK, column = (tile % panels) * PANEL;
        const rows = min(OUT_BLOCK, K - row), columns = min(PANEL, N - column);
        const at = os * row + (<usize>column << 2), straight = direct && columns == PANEL;
        sweepOuter(
          a + as * first + (<usize>row << 2), as, y + ys * first + (<usize>column << 2), ys, count,
          straight ? out + at : scratch + TILE_BYTES * (tile - open), straight ? os : PANEL_BYTES, rows, columns, mode,
        );
      }
    }
    for (let tile = open; tile < close; tile++) {
      const row = (tile / panels) * OUT_BLOCK, column = (tile % panels) * PANEL;
      const rows = min(OUT_BLOCK, K - row), columns = min(PANEL, N - column);
      if (direct && columns == PANEL) continue;
      const at = os * row + (<usize>column << 2);
      finish(b, scratch + TILE_BYTES * (tile - open), PANEL_BYTES, out + at, offset + at, os, rows, columns);
    }
  }
}
