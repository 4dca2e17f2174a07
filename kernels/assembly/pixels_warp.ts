// pixels_warp.ts: images of bytes read at other places, which lie on a grid that is turned, sheared, scaled or shifted: in 2^16ths of a
// pixel. No gradient: warp.ts is the same of floats, inside models.
import { narrow, storeBytes, widen } from "./bytes";
import { pixels_warp as args } from "./generated/arguments";

export function pixels_warp(d: usize, b: usize, from: i32, to: i32): void {
  const H = args.H(d), W = args.W(d), C = args.C(d), x = args.x(d, b), m = args.matrix(d, b), none = args.outside(d, b);
  const right = <i64>load<i32>(m), down = <i64>load<i32>(m, 12), near = args.nearest(d) != 0;
  const half: i64 = near ? 0 : 0x8000; // between pixels: measured from their centres
  for (let row = from; row < to; row++) {
    let y = args.y(d, b) + <usize>(row * W * C);
    let px = <i64>load<i32>(m, 4) * row + load<i32>(m, 8) - half, py = <i64>load<i32>(m, 16) * row + load<i32>(m, 20) - half;
    for (let column = 0; column < W; column++) {
      const h = <i32>(py >> 16), w = <i32>(px >> 16);
      if (near) {
        const p = pixelAt(x, h, w, H, W, C, none);
        for (let c = 0; c < C; c++) store<u8>(y + c, load<u8>(p + c));
      } else {
        const p00 = pixelAt(x, h, w, H, W, C, none), p01 = pixelAt(x, h, w + 1, H, W, C, none);
        const p10 = pixelAt(x, h + 1, w, H, W, C, none), p11 = pixelAt(x, h + 1, w + 1, H, W, C, none);
        const fx = <i32>(px >> 8) & 255, fy = <i32>(py >> 8) & 255;
        const w00 = i32x4.splat((256 - fx) * (256 - fy)), w01 = i32x4.splat(fx * (256 - fy));
        const w10 = i32x4.splat((256 - fx) * fy), w11 = i32x4.splat(fx * fy);
        for (let c = 0; c < C; c += 4) {
          let sum = i32x4.add(i32x4.splat(0x8000), i32x4.mul(widen(v128.load32_zero(p00 + c)), w00));
          sum = i32x4.add(sum, i32x4.mul(widen(v128.load32_zero(p01 + c)), w01));
          sum = i32x4.add(sum, i32x4.mul(widen(v128.load32_zero(p10 + c)), w10));
          sum = i32x4.shr_u(i32x4.add(sum, i32x4.mul(widen(v128.load32_zero(p11 + c)), w11)), 16);
          storeBytes(y + c, narrow(sum, sum, sum, sum), min(4, C - c));
        }
      }
      y += C;
      px += right;
      py += down;
    }
  }
}

// @ts-ignore: decorator
@inline
function pixelAt(x: usize, h: i32, w: i32, H: i32, W: i32, C: i32, none: usize): usize {
  return <u32>h < <u32>H && <u32>w < <u32>W ? x + <usize>((h * W + w) * C) : none;
}
