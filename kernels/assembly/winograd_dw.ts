// winograd_dw.ts: gradients of 3 x 3 weights by F(2x2, 3x3): dW = G^T [sum over patches of (A dY A^T) x (B^T X B)] G, and the ladder. A tile
// is up to ROWS input channels by one panel of filters.
import { ADD, rowsOf, scratchOf } from "./abi";
import { winograd_dw as args } from "./generated/arguments";
import { finish } from "./ladder";
import { addTile, leafCount, leafEnd, levels, merges } from "./leaves";
import { sweepOuter } from "./sweep";
import { ceilDiv, PANEL, PANEL_BYTES } from "./tile";
import { gathered, samples, spread } from "./winograd_transforms";

/** Input channels of a tile at most (kernels/signatures.ts), and patches that are summed at once. Part of the profile. */
const ROWS: i32 = 64;
const PATCHES: i32 = 48;
/** Panels that share the transformed samples of a block. */
const OPEN_PANELS: i32 = 8;
const PANEL_SUMS: usize = 64 * 64; // of one frequency: ROWS x PANEL floats
const LEAF_BYTES: usize = PANEL_SUMS * 9; // of one panel, as gradients of the nine taps

export function winograd_dw(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), N = args.N(d), panels = ceilDiv(N, PANEL), blocks = ceilDiv(C, ROWS), deep = ceilDiv(C, blocks);
  const leaves = leafCount(b), most = levels(leaves) > 3 ? 1 : OPEN_PANELS; // the stack of leaves takes room
  for (let open = from, close = from; open < to; open = close) {
    close = min(min(to, open + most), (open / panels + 1) * panels);
    const row = (open / panels) * deep;
    side(d, b, row, min(deep, C - row), open % panels, close - open, leaves);
  }
}

/** `count` panels from `panel` on, of `rows` input channels from `row` on. */
function side(d: usize, b: usize, row: i32, rows: i32, panel: i32, count: i32, leaves: i32): void {
  const out = args.out(d, b), offset = args.outOffset(d), C = args.C(d), N = args.N(d), os = <usize>args.ldo(d) << 2;
  const sums = scratchOf(b), stack = sums + PANEL_SUMS * 16 * count, room = stack + LEAF_BYTES * count * levels(leaves);
  const level = LEAF_BYTES * count;
  let depth = 0, first = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = leaves > 1 ? leafEnd(b, leaf) : rowsOf(b);
    sumImages(d, b, row, rows, panel, count, first, end, sums, room);
    for (let p = 0; p < count; p++) untransform(sums + PANEL_SUMS * 16 * p, stack + level * depth + LEAF_BYTES * p, room, rows);
    first = end;
    for (let n = merges(leaf); n > 0; n--) {
      depth--;
      addTile(stack + level * depth, stack + level * (depth + 1), ROWS * 9 * count);
    }
    depth++;
  }
  for (; depth > 1; depth--) addTile(stack + level * (depth - 2), stack + level * (depth - 1), ROWS * 9 * count);
  for (let p = 0; p < count; p++) {
    const column = (panel + p) * PANEL;
    for (let tap = 0; tap < 9; tap++) {
      const at = os * (tap * C + row) + (<usize>column << 2);
      const tile = stack + LEAF_BYTES * p + PANEL_SUMS * tap;
      finish(b, 0, tile, PANEL_BYTES, out + at, offset + at, os, rows, min(PANEL, N - column));
    }
  }
}

/** sums [panel][16][ROWS][16] = products of transformed samples and gradients, over all patches of images `first` to `end`. */
function sumImages(
  d: usize, b: usize, row: i32, rows: i32, panel: i32, count: i32, first: i32, end: i32, sums: usize, room: usize,
): void {
  const x = args.x(d, b), dy = args.dy(d, b), H = args.H(d), W = args.W(d), C = args.C(d), N = args.N(d);
  const xRow = <usize>args.xRow(d) << 2, xImage = <usize>args.xImage(d) << 2, pixel = <usize>C << 2;
  const yRow = <usize>args.dyRow(d) << 2, yImage = <usize>args.dyImage(d) << 2, yPixel = <usize>N << 2;
  const across = (W + 1) >> 1, perImage = ((H + 1) >> 1) * across, total = (end - first) * perImage;
  const wide = (rows + 7) & ~7, bytes = <usize>wide << 2;
  // one patch half transformed | samples [16][PATCHES][wide] | gradients [16][PATCHES][16]
  const v = room + 16 * 256, vStep = bytes * PATCHES, g = v + 16 * vStep, gStep = PANEL_BYTES * PATCHES;
  for (let start = 0; start < total; start += PATCHES) {
    const patches = min(PATCHES, total - start), mode = start > 0 ? ADD : 0;
    for (let t = 0; t < patches; t++) {
      const image = first + (start + t) / perImage, rest = (start + t) % perImage;
      const at = x + xImage * image + (xRow * (rest / across) << 1) + (pixel * (rest % across) << 1) + (<usize>row << 2);
      for (let j: usize = 0; j < 4; j++) samples(at + pixel * j, xRow, room + 256 * j, 1024, wide);
      for (let i: usize = 0; i < 4; i++) samples(room + 1024 * i, 256, v + vStep * 4 * i + bytes * t, vStep, wide);
    }
    for (let p = 0; p < count; p++) {
      const column = (panel + p) * PANEL, columns = min(PANEL, N - column);
      for (let t = 0; t < patches; t++) {
        const image = first + (start + t) / perImage, rest = (start + t) % perImage;
        const at = dy + yImage * image + (yRow * (rest / across) << 1) + (yPixel * (rest % across) << 1) + (<usize>column << 2);
        spread(at, yRow, yPixel, g + PANEL_BYTES * t, gStep, columns);
      }
      for (let f: usize = 0; f < 16; f++) {
        const q = sums + PANEL_SUMS * (16 * p + f);
        sweepOuter(v + vStep * f, bytes, g + gStep * f, PANEL_BYTES, patches, q, PANEL_BYTES, rows, columns, mode);
      }
    }
  }
}

/** G^T U G of one panel: [4][4][ROWS][16] -> [3][3][ROWS][16]. */
function untransform(from: usize, to: usize, room: usize, rows: i32): void {
  const n = rows * PANEL;
  for (let j: usize = 0; j < 4; j++) gathered(from + PANEL_SUMS * j, PANEL_SUMS * 4, room + PANEL_SUMS * j, PANEL_SUMS * 4, n);
  for (let i: usize = 0; i < 3; i++) gathered(room + PANEL_SUMS * 4 * i, PANEL_SUMS, to + PANEL_SUMS * 3 * i, PANEL_SUMS, n);
}
