// dropout.ts: reference twin of dropout. The random words are those of base/random.ts.
import { draws, unit } from '../../base/random.ts';
import { BINDING, readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

export const dropout: Family = (memory) => ({
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
