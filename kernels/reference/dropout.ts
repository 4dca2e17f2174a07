// dropout.ts: reference twins of dropout and noise. The random words are those of base/random.ts.
import { draws, unit } from '../../base/random.ts';
import { BINDING, readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

/** The complementary error function of x >= 0 by Laplace's continued fraction, near 0 by the series of erf. */
function erfc(x: number): number {
  if (x < 2) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-18; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** The normal quantile of u in (0, 1) by bisection. */
function quantile(u: number): number {
  const tail = Math.min(u, 1 - u);
  let [low, high] = [0, 8];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (erfc(middle / Math.SQRT2) / 2 > tail) low = middle;
    else high = middle;
  }
  return u < 0.5 ? -low : low;
}

export const dropout: Family = (memory) => ({
  noise(d, b, from, to) {
    const a = readArguments('noise', memory, d, b);
    const word = (index: number) => memory.u32[(b >> 2) + index]!;
    for (let image = from; image < to; image++) {
      const seed = [word(BINDING.seedLow), word(BINDING.seedHigh)] as const;
      const draw = draws(seed, word(BINDING.slot) + image, a.site, word(BINDING.step));
      for (let l = 0; l < a.L; l++) {
        const u = unit(draw(l));
        const value = a.normal ? a.low + a.high * quantile(u + 2 ** -25) : a.low + (a.high - a.low) * u;
        memory.f32[(a.at.y >> 2) + image * a.L + l] = value;
      }
    }
  },

  dropout(d, b, from, to) {
    const a = readArguments('dropout', memory, d, b);
    const word = (index: number) => memory.u32[(b >> 2) + index]!;
    const scale = Math.fround(1 / Math.fround(1 - a.rate));
    for (let image = from; image < to; image++) {
      const seed = [word(BINDING.seedLow), word(BINDING.seedHigh)] as const;
      const draw = draws(seed, word(BINDING.slot) + image, a.site, word(BINDING.step));
      for (let h = 0; h < a.H; h++)
        for (let l = 0; l < a.L; l++) {
          const x = memory.f32[(a.at.x >> 2) + image * a.xImage + h * a.xRow + l]!;
          const keep = unit(draw(h * a.L + l)) >= a.rate;
          memory.f32[(a.at.y >> 2) + image * a.yImage + h * a.yRow + l] = keep ? x * scale : 0;
        }
    }
  },
});
