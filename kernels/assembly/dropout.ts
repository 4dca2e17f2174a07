// dropout.ts: inverted dropout: an element is kept and scaled by 1 / (1 - rate), or 0. Which, its Philox word says (philox.ts).
import { scratchOf } from "./abi";
import { dropout as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { drawWords, WINDOW } from "./philox";

export function dropout(d: usize, b: usize, from: i32, to: i32): void {
  const H = args.H(d), L = args.L(d), words = scratchOf(b);
  const rate = f32x4.splat(args.rate(d));
  const scale = f32x4.div(f32x4.splat(1), f32x4.sub(f32x4.splat(1), rate));
  for (let image = from; image < to; image++) {
    let drawn = 0, first = 0; // words of elements first to first + drawn - 1 are in scratch
    for (let h = 0; h < H; h++) {
      const x = args.x(d, b) + (<usize>(image * args.xImage(d) + h * args.xRow(d)) << 2);
      const y = args.y(d, b) + (<usize>(image * args.yImage(d) + h * args.yRow(d)) << 2);
      for (let l = 0; l < L; ) {
        const index = h * L + l;
        if (index >= first + drawn) {
          first = index & ~3;
          drawn = min(WINDOW, H * L - first);
          drawWords(words, b, image, args.site(d), first, drawn);
        }
        const n = min(L - l, first + drawn - index);
        apply(x + (<usize>l << 2), y + (<usize>l << 2), words + (<usize>(index - first) << 2), n, rate, scale);
        l += n;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function apply(x: usize, y: usize, words: usize, n: i32, rate: v128, scale: v128): void {
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    // the upper 24 bits as a float in [0, 1), exactly
    const word = f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(words + at), 8));
    const keep = f32x4.ge(f32x4.mul(word, f32x4.splat(5.9604644775390625e-8)), rate);
    storeUpTo(y + at, v128.and(f32x4.mul(v128.load(x + at), scale), keep), n - i);
  }
}
