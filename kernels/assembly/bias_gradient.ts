// bias_gradient.ts: the sum of a gradient over images and pixels, for each channel. Row sums, image sums, then their sum: few
// additions in a row, so few roundings.
import { scratchOf } from "./abi";
import { bias_gradient as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { addTile, leafCount, leafEnd, merges } from "./leaves";
import { climb } from "./reduce";

/** Channels that a tile covers. */
const PANEL: i32 = 16;

export function bias_gradient(d: usize, b: usize, from: i32, to: i32): void {
  const leaves = leafCount(b), stack = scratchOf(b), H = args.H(d), W = args.W(d), C = args.C(d);
  const step = <usize>C << 2, image = <usize>args.dyImage(d) << 2, row = <usize>args.dyRow(d) << 2;
  for (let tile = from; tile < to; tile++) {
    const c = tile * PANEL, channel = <usize>c << 2;
    let depth: usize = 0, first = 0;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const end = leafEnd(b, leaf);
      sumImages(stack + (depth << 6), args.dy(d, b) + channel, image, row, step, first, end, H, W);
      for (let n = merges(leaf); n > 0; n--) {
        depth--;
        addTile(stack + (depth << 6), stack + (depth << 6) + 64, 1);
      }
      depth++;
      first = end;
    }
    for (; depth > 1; depth--) addTile(stack + ((depth - 2) << 6), stack + ((depth - 1) << 6), 1);
    const out = args.out(d, b) + channel, offset = args.outOffset(d) + channel;
    for (let v: i32 = 0; v < 4; v++) {
      const at = <usize>v << 4;
      storeSum(b, out + at, offset + at, v128.load(stack + at), C - c - 4 * v);
    }
  }
}

/** Sixteen channels' sums over images [from, to) of H rows of W pixels, stored to `sums`. */
function sumImages(
  sums: usize, first: usize, image: usize, row: usize, step: usize, from: i32, to: i32, H: i32, W: i32,
): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let i = from; i < to; i++) {
    const dy = first + <usize>i * image;
    let i0 = f32x4.splat(0), i1 = i0, i2 = i0, i3 = i0;
    for (let h = 0; h < H; h++) {
      let at = dy + <usize>h * row;
      let r0 = f32x4.splat(0), r1 = r0, r2 = r0, r3 = r0;
      let w = W;
      for (; w >= 2; w -= 2) {
        const a0 = v128.load(at, 0), a1 = v128.load(at, 16), a2 = v128.load(at, 32), a3 = v128.load(at, 48);
        at += step;
        const b0 = v128.load(at, 0), b1 = v128.load(at, 16), b2 = v128.load(at, 32), b3 = v128.load(at, 48);
        at += step;
        r0 = f32x4.add(r0, f32x4.add(a0, b0));
        r1 = f32x4.add(r1, f32x4.add(a1, b1));
        r2 = f32x4.add(r2, f32x4.add(a2, b2));
        r3 = f32x4.add(r3, f32x4.add(a3, b3));
      }
      if (w) {
        r0 = f32x4.add(r0, v128.load(at, 0));
        r1 = f32x4.add(r1, v128.load(at, 16));
        r2 = f32x4.add(r2, v128.load(at, 32));
        r3 = f32x4.add(r3, v128.load(at, 48));
      }
      i0 = f32x4.add(i0, r0);
      i1 = f32x4.add(i1, r1);
      i2 = f32x4.add(i2, r2);
      i3 = f32x4.add(i3, r3);
    }
    s0 = f32x4.add(s0, i0);
    s1 = f32x4.add(s1, i1);
    s2 = f32x4.add(s2, i2);
    s3 = f32x4.add(s3, i3);
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
}

// @ts-ignore: decorator
@inline
function storeSum(b: usize, out: usize, offset: usize, sum: v128, n: i32): void {
  if (n > 0) storeUpTo(out, climb(b, offset, sum), n);
}
