// pick.ts: lets a gradient through where a value is the one that was chosen, or where it is not: maximum and minimum. In place or not.
import { pick as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";

export function pick(d: usize, b: usize, from: i32, to: i32): void {
  const H = args.H(d), L = args.L(d), flip = i32x4.splat(args.others(d) ? -1 : 0);
  for (let image = from; image < to; image++) {
    for (let h = 0; h < H; h++) {
      let dy = args.dy(d, b) + (<usize>(image * args.dyImage(d) + h * args.dyRow(d)) << 2);
      let x = args.x(d, b) + (<usize>(image * args.xImage(d) + h * args.xRow(d)) << 2);
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + h * args.yRow(d)) << 2);
      let dx = args.dx(d, b) + (<usize>(image * args.dxImage(d) + h * args.dxRow(d)) << 2);
      for (let n = L; n > 0; n -= 4) {
        const chosen = v128.xor(f32x4.eq(v128.load(x), v128.load(y)), flip);
        storeUpTo(dx, v128.and(v128.load(dy), chosen), n);
        dy += 16;
        x += 16;
        y += 16;
        dx += 16;
      }
    }
  }
}
