// views.ts: reference twins of kernels that map one view to another, element by element.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

export const views: Family = (memory) => ({
  copy(d, b, from, to) {
    const a = readArguments('copy', memory, d, b);
    for (let image = from; image < to; image++)
      for (let h = 0; h < a.H; h++)
        for (let l = 0; l < a.L; l++) {
          const x = (a.at.x >> 2) + image * a.xImage + h * a.xRow + l;
          const y = (a.at.y >> 2) + image * a.yImage + h * a.yRow + l;
          memory.f32[y] = memory.f32[x]!;
        }
  },
});
