// bias_gradient.ts: the sum of a gradient over images and pixels, for each channel. Row sums, image sums, then their sum: few
// additions in a row, so few roundings.
import { rowsOf } from "./abi";
import { bias_gradient as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { climb } from "./reduce";

/** Channels that a tile covers. */
const PANEL: i32 = 16;

export function bias_gradient(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b), H = args.H(d), W = args.W(d), C = args.C(d);
  const step = <usize>C << 2, image = <usize>args.dyImage(d) << 2, row = <usize>args.dyRow(d) << 2;
  for (let tile = from; tile < to; tile++) {
    const c = tile * PANEL, channel = <usize>c << 2;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let i = 0; i < rows; i++) {
      const dy = args.dy(d, b) + channel + <usize>i * image;
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
    const out = args.out(d, b) + channel, offset = args.outOffset(d) + channel;
    storeSum(b, out, offset, s0, C - c);
    storeSum(b, out + 16, offset + 16, s1, C - c - 4);
    storeSum(b, out + 32, offset + 32, s2, C - c - 8);
    storeSum(b, out + 48, offset + 48, s3, C - c - 12);
  }
}

// @ts-ignore: decorator
@inline
function storeSum(b: usize, out: usize, offset: usize, sum: v128, n: i32): void {
  if (n > 0) storeUpTo(out, climb(b, offset, sum), n);
}
