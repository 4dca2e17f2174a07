// bias_gradient.ts: the sum of a gradient over images and pixels, for each channel. Row sums, image sums, then their sum: few
// additions in a row, so few roundings.
import { scratchOf } from "./abi";
import { bias_gradient as args } from "./generated/arguments";
import { clear, storeUpTo } from "./lanes";
import { addTile, leafCount, leafEnd, merges } from "./leaves";
import { climb } from "./reduce";
import { PANEL, PANEL_BYTES } from "./tile";

/** Panels whose sums are open at once: all channels of a row are read before the next row. */
const OPEN_PANELS: i32 = 16;

export function bias_gradient(d: usize, b: usize, from: i32, to: i32): void {
  for (let open = from; open < to; open += OPEN_PANELS) group(d, b, open, min(OPEN_PANELS, to - open));
}

/** `panels` panels from panel `open` on. */
function group(d: usize, b: usize, open: i32, panels: i32): void {
  const stack = scratchOf(b), level = PANEL_BYTES * panels, leaves = leafCount(b), C = args.C(d), channel = PANEL_BYTES * open;
  let depth: usize = 0, first = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = leafEnd(b, leaf), sums = stack + level * depth, image = sums + level;
    clear(sums, PANEL * panels);
    for (let i = first; i < end; i++) {
      sumImage(image, panels, args.dy(d, b) + (<usize>args.dyImage(d) << 2) * i + channel, d);
      addTile(sums, image, panels);
    }
    for (let n = merges(leaf); n > 0; n--) {
      depth--;
      addTile(stack + level * depth, stack + level * (depth + 1), panels);
    }
    depth++;
    first = end;
  }
  for (; depth > 1; depth--) addTile(stack + level * (depth - 2), stack + level * (depth - 1), panels);
  const out = args.out(d, b) + channel, offset = args.outOffset(d) + channel;
  for (let v: i32 = 0; v < 4 * panels; v++) {
    const at = <usize>v << 4, left = C - PANEL * open - 4 * v;
    if (left > 0) storeUpTo(out + at, climb(b, offset + at, v128.load(stack + at)), left);
  }
}

/** The sums of one image, of which a row is summed in all panels before the next. */
function sumImage(sums: usize, panels: i32, dy: usize, d: usize): void {
  const W = args.W(d), step = <usize>args.C(d) << 2, row = <usize>args.dyRow(d) << 2;
  clear(sums, PANEL * panels);
  for (let h = args.H(d); h > 0; h--) {
    let p = 0;
    for (; p + 1 < panels; p += 2) addRow(true, sums + PANEL_BYTES * p, dy + PANEL_BYTES * p, step, W);
    if (p < panels) addRow(false, sums + PANEL_BYTES * p, dy + PANEL_BYTES * p, step, W);
    dy += row;
  }
}

/**
 * sums += the sum of `W` pixels of a panel, `step` bytes apart; `two`: of that and the next, for lines next to each other come from memory
 * together.
 */
// @ts-ignore: decorator
@inline
function addRow(two: bool, sums: usize, at: usize, step: usize, W: i32): void {
  let r0 = f32x4.splat(0), r1 = r0, r2 = r0, r3 = r0, r4 = r0, r5 = r0, r6 = r0, r7 = r0;
  for (; W >= 2; W -= 2) {
    const next = at + step;
    r0 = f32x4.add(r0, f32x4.add(v128.load(at, 0), v128.load(next, 0)));
    r1 = f32x4.add(r1, f32x4.add(v128.load(at, 16), v128.load(next, 16)));
    r2 = f32x4.add(r2, f32x4.add(v128.load(at, 32), v128.load(next, 32)));
    r3 = f32x4.add(r3, f32x4.add(v128.load(at, 48), v128.load(next, 48)));
    if (two) {
      r4 = f32x4.add(r4, f32x4.add(v128.load(at, 64), v128.load(next, 64)));
      r5 = f32x4.add(r5, f32x4.add(v128.load(at, 80), v128.load(next, 80)));
      r6 = f32x4.add(r6, f32x4.add(v128.load(at, 96), v128.load(next, 96)));
      r7 = f32x4.add(r7, f32x4.add(v128.load(at, 112), v128.load(next, 112)));
    }
    at = next + step;
  }
  if (W) {
    r0 = f32x4.add(r0, v128.load(at, 0));
    r1 = f32x4.add(r1, v128.load(at, 16));
    r2 = f32x4.add(r2, v128.load(at, 32));
    r3 = f32x4.add(r3, v128.load(at, 48));
    if (two) {
      r4 = f32x4.add(r4, v128.load(at, 64));
      r5 = f32x4.add(r5, v128.load(at, 80));
      r6 = f32x4.add(r6, v128.load(at, 96));
      r7 = f32x4.add(r7, v128.load(at, 112));
    }
  }
  addTo(sums, r0, r1, r2, r3);
  if (two) addTo(sums + PANEL_BYTES, r4, r5, r6, r7);
}

/** A panel's sums += those. */
// @ts-ignore: decorator
@inline
function addTo(sums: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const s0 = f32x4.add(v128.load(sums, 0), r0), s1 = f32x4.add(v128.load(sums, 16), r1);
  const s2 = f32x4.add(v128.load(sums, 32), r2), s3 = f32x4.add(v128.load(sums, 48), r3);
  v128.store(sums, s3, 48);
  v128.store(sums, s2, 32);
  v128.store(sums, s1, 16);
  v128.store(sums, s0, 0);
}
