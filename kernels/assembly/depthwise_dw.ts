// depthwise_dw.ts: gradients of depthwise weights: sums over pixels, channel by channel, and the ladder. A tile is OUT_BLOCK taps by
// one panel of channels. Pixels outside, tiles inside, so that what a block of pixels holds is read while it is near.
import { ADD, scratchOf } from "./abi";
import { depthwise_dw as args } from "./generated/arguments";
import { depthTaps } from "./generated/depthwise";
import { finish } from "./ladder";
import { addTile, leafCount, leafEnd, levels, merges } from "./leaves";
import { ceilDiv, OUT_BLOCK, PANEL, PANEL_BYTES } from "./tile";

/** Pixels summed at once, in whole rows: short sums are more exact. Part of the profile. */
const SUM_PIXELS: i32 = 128;
/** Tiles that scratch holds: those of all levels of the tree. */
const SCRATCH_TILES: i32 = 80;
const TILE_BYTES: usize = 48 * 64;
/** Taps whose sums stay in registers. They decide no bits. */
const ROWS: i32 = 6;

export function depthwise_dw(d: usize, b: usize, from: i32, to: i32): void {
  const x = args.x(d, b), dy = args.dy(d, b), out = args.out(d, b), offset = args.outOffset(d);
  const table = args.rowTable(d, b), scratch = scratchOf(b);
  const R = args.R(d), C = args.C(d), H = args.H(d), W = args.W(d);
  const xStep = <usize>args.xStep(d) << 2, xRow = <usize>args.xRow(d) << 2, xImage = <usize>args.xImage(d) << 2;
  const yStep = <usize>args.dyStep(d) << 2, yRow = <usize>args.dyRow(d) << 2, yImage = <usize>args.dyImage(d) << 2;
  const panels = ceilDiv(C, PANEL), block = max(1, SUM_PIXELS / W);
  const leaves = leafCount(b), most = SCRATCH_TILES / (levels(leaves) + 1), level = TILE_BYTES * most;

  for (let open = from; open < to; open += most) {
    const close = min(to, open + most);
    let depth = 0, first = 0;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const end = leafEnd(b, leaf);
      for (let image = first; image < end; image++) {
        for (let h = 0; h < H; h += block) {
          const runs = min(block, H - h), mode = image > first || h ? ADD : 0;
          for (let tile = open; tile < close; tile++) {
            const row = (tile / panels) * OUT_BLOCK, column = (tile % panels) * PANEL, at = <usize>column << 2;
            sweep(
              x + xImage * image + xRow * h + at, table + (<usize>row << 2), xStep, xRow - xStep * W,
              dy + yImage * image + yRow * h + at, yStep, yRow - yStep * W, runs, W,
              scratch + level * depth + TILE_BYTES * (tile - open), min(OUT_BLOCK, R - row), min(PANEL, C - column), mode,
            );
          }
        }
      }
      first = end;
      for (let n = merges(leaf); n > 0; n--) {
        depth--;
        addTile(scratch + level * depth, scratch + level * (depth + 1), OUT_BLOCK * (close - open));
      }
      depth++;
    }
    for (; depth > 1; depth--) addTile(scratch + level * (depth - 2), scratch + level * (depth - 1), OUT_BLOCK * (close - open));
    for (let tile = open; tile < close; tile++) {
      const row = (tile / panels) * OUT_BLOCK, column = (tile % panels) * PANEL, at = <usize>(row * C + column) << 2;
      finish(
        b, 0, scratch + TILE_BYTES * (tile - open), PANEL_BYTES, out + at, offset + at, <usize>C << 2,
        min(OUT_BLOCK, R - row), min(PANEL, C - column),
      );
    }
  }
}

/** out (rows, columns) as depthTaps; out has room for a whole panel. */
function sweep(
  x: usize, table: usize, xs: usize, xSkip: usize, dy: usize, ys: usize, ySkip: usize, runs: i32, len: i32,
  out: usize, rows: i32, columns: i32, mode: i32,
): void {
  const turns = ceilDiv(rows, ROWS), few = rows / turns, more = rows % turns;
  for (let column = 0; column < columns; column += 8) {
    const at = <usize>column << 2;
    let t = table, q = out + at;
    for (let turn = 0; turn < turns; turn++) {
      const r = turn < more ? few + 1 : few;
      depthTaps(r, x + at, t, xs, xSkip, dy + at, ys, ySkip, runs, len, q, PANEL_BYTES, mode);
      t += <usize>r << 2;
      q += PANEL_BYTES * r;
    }
  }
}
