// conv_dw.ts: gradients of convolution weights, as outer products over pixels, and the ladder. A tile is OUT_BLOCK rows by one panel.
import { ADD, rowsOf, scratchOf } from "./abi";
import { conv_dw as args } from "./generated/arguments";
import { finish } from "./ladder";
import { addTile, leafCount, leafEnd, levels, merges } from "./leaves";
import { sweepTaps } from "./sweep";
import { ceilDiv, OUT_BLOCK, PANEL, PANEL_BYTES } from "./tile";

/** Pixels summed at once, in whole rows: few enough to stay in L1, and for short sums, which are more exact. Part of the profile. */
const SUM_PIXELS: i32 = 128;
/** Tiles whose sums are open at once, and tiles that scratch holds: those of all levels of the tree. */
const OPEN_TILES: i32 = 32;
const SCRATCH_TILES: i32 = 80;
const TILE_BYTES: usize = 48 * 64;

export function conv_dw(d: usize, b: usize, from: i32, to: i32): void {
  const x = args.x(d, b), dy = args.dy(d, b), out = args.out(d, b), offset = args.outOffset(d);
  const table = args.rowTable(d, b), scratch = scratchOf(b), images = rowsOf(b);
  const R = args.R(d), N = args.N(d), H = args.H(d), W = args.W(d);
  const xStep = <usize>args.xStep(d) << 2, xRow = <usize>args.xRow(d) << 2, xImage = <usize>args.xImage(d) << 2;
  const yStep = <usize>args.dyStep(d) << 2, yRow = <usize>args.dyRow(d) << 2, yImage = <usize>args.dyImage(d) << 2;
  const xGroup = <usize>args.xGroup(d) << 2, yGroup = <usize>args.dyGroup(d) << 2;
  const os = <usize>args.ldo(d) << 2, outGroup = <usize>args.outGroup(d) << 2;
  const panels = ceilDiv(N, PANEL), perGroup = ceilDiv(R, OUT_BLOCK) * panels, block = max(1, SUM_PIXELS / W);
  const leaves = leafCount(b), most = min(OPEN_TILES, SCRATCH_TILES / (levels(leaves) + 1)), level = TILE_BYTES * most;

  for (let open = from; open < to; open += most) {
    const close = min(to, open + most);
    let depth = 0, first = 0;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const end = leaves > 1 ? leafEnd(b, leaf) : images;
      for (let image = first; image < end; image++) {
        for (let h = 0; h < H; h += block) {
          const runs = min(block, H - h), mode = image > first || h ? ADD : 0;
          for (let tile = open; tile < close; tile++) {
            const group = tile / perGroup, rest = tile % perGroup;
            const row = (rest / panels) * OUT_BLOCK, column = (rest % panels) * PANEL;
            sweepTaps(
              x + xImage * image + xRow * h + xGroup * group, table + (<usize>row << 2), xStep, xRow - xStep * W,
              dy + yImage * image + yRow * h + yGroup * group + (<usize>column << 2), yStep, yRow - yStep * W, runs, W,
              scratch + level * depth + TILE_BYTES * (tile - open), min(OUT_BLOCK, R - row), min(PANEL, N - column), mode,
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
      const group = tile / perGroup, rest = tile % perGroup;
      const row = (rest / panels) * OUT_BLOCK, column = (rest % panels) * PANEL;
      const at = outGroup * group + os * row + (<usize>column << 2);
      finish(
        b, 0, scratch + TILE_BYTES * (tile - open), PANEL_BYTES, out + at, offset + at, os,
        min(OUT_BLOCK, R - row), min(PANEL, N - column),
      );
    }
  }
}
