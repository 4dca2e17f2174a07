// gemm_tn.ts: out = A^T x B and the ladder: gradients of dense weights. A tile is OUT_BLOCK rows of out by one panel of columns.
import { ADD, rowsOf, scratchOf } from "./abi";
import { gemm_tn as args } from "./generated/arguments";
import { finish, ladderCount, siblingBase } from "./ladder";
import { addTile, leafCount, leafEnd, merges } from "./leaves";
import { sweepOuter } from "./sweep";
import { ceilDiv, OUT_BLOCK, PANEL, PANEL_BYTES } from "./tile";

/** Samples summed at once. Part of the profile. */
const SUM_BLOCK: i32 = 128;
/** Most tiles whose sums are open at once, in scratch. */
const OPEN_TILES: i32 = 32;
const TILE_BYTES: usize = 48 * 64;

export function gemm_tn(d: usize, b: usize, from: i32, to: i32): void {
  if (leafCount(b) > 1) severalLeaves(d, b, from, to);
  else oneLeaf(d, b, from, to);
}

/** Each tile for all leaves before the next: their sums never leave the cache. */
function severalLeaves(d: usize, b: usize, from: i32, to: i32): void {
  const a = args.a(d, b), y = args.b(d, b), out = args.out(d, b), offset = args.outOffset(d);
  const m = args.m(d), K = args.K(d), N = args.N(d), leaves = leafCount(b);
  const as = <usize>args.lda(d) << 2, ys = <usize>args.ldb(d) << 2, os = <usize>args.ldo(d) << 2;
  const stack = scratchOf(b), panels = ceilDiv(N, PANEL);
  for (let tile = from; tile < to; tile++) {
    const row = (tile / panels) * OUT_BLOCK, rows = min(OUT_BLOCK, K - row);
    const column = (tile % panels) * PANEL, columns = min(PANEL, N - column), at = <usize>column << 2;
    let depth = 0, start = 0;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const end = leafEnd(b, leaf) * m;
      let finished = merges(leaf);
      const direct = finished > 0 && end - start <= SUM_BLOCK; // the nearest sibling is added in the last store
      if (direct) {
        depth--;
        finished--;
      }
      const sums = stack + TILE_BYTES * depth;
      for (let first = start; first < end; first += SUM_BLOCK) {
        const mode = direct || first > start ? ADD : 0;
        const p = a + as * first + (<usize>row << 2), q = y + ys * first + at;
        sweepOuter(p, as, q, ys, min(SUM_BLOCK, end - first), sums, PANEL_BYTES, sums, rows, columns, mode);
      }
      for (; finished > 0; finished--) {
        depth--;
        addTile(stack + TILE_BYTES * depth, stack + TILE_BYTES * (depth + 1), rows);
      }
      depth++;
      start = end;
    }
    for (; depth > 1; depth--) addTile(stack + TILE_BYTES * (depth - 2), stack + TILE_BYTES * (depth - 1), rows);
    const place = os * row + at;
    finish(b, 0, stack, PANEL_BYTES, out + place, offset + place, os, rows, columns);
  }
}

function oneLeaf(d: usize, b: usize, from: i32, to: i32): void {
  const a = args.a(d, b), y = args.b(d, b), out = args.out(d, b), offset = args.outOffset(d);
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d);
  const as = <usize>args.lda(d) << 2, ys = <usize>args.ldb(d) << 2, os = <usize>args.ldo(d) << 2;
  const scratch = scratchOf(b), panels = ceilDiv(N, PANEL), direct = M <= SUM_BLOCK;
  const siblings = ladderCount(b), nearest = siblingBase(b, 0) + offset;

  // tiles side by side in one row of blocks
  for (let open = from, close = from; open < to; open = close) {
    const row = (open / panels) * OUT_BLOCK, rows = min(OUT_BLOCK, K - row);
    close = min(min(to, open + OPEN_TILES), (open / panels + 1) * panels);
    const left = (open % panels) * PANEL, right = min(N, left + (close - open) * PANEL);
    const whole = direct ? left + ((right - left) & ~(PANEL - 1)) : left; // columns from here on are summed in scratch
    for (let first = 0; first < M; first += SUM_BLOCK) {
      const count = min(SUM_BLOCK, M - first), p = a + as * first + (<usize>row << 2), q = y + ys * first;
      for (let column = left; column < right; column += PANEL) {
        const at = <usize>column << 2, columns = min(PANEL, right - column);
        if (column < whole) {
          const to = os * row + at, mode = siblings > 0 ? ADD : 0;
          sweepOuter(p, as, q + at, ys, count, out + to, os, nearest + to, rows, columns, mode);
        } else {
          const sums = scratch + TILE_BYTES * ((column - left) / PANEL);
          sweepOuter(p, as, q + at, ys, count, sums, PANEL_BYTES, sums, rows, columns, first > 0 ? ADD : 0);
        }
      }
    }
    if (left < whole && siblings > 1) {
      const at = os * row + (<usize>left << 2);
      finish(b, 1, out + at, os, out + at, offset + at, os, rows, whole - left);
    }
    for (let column = whole; column < right; column += PANEL) {
      const at = os * row + (<usize>column << 2), sums = scratch + TILE_BYTES * ((column - left) / PANEL);
      finish(b, 0, sums, PANEL_BYTES, out + at, offset + at, os, rows, min(PANEL, right - column));
    }
  }
}
