// masks.ts: reference twins of masks. Not what heeds them.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { rowsOf } from './shared.ts';

const BLOCK = 64;

export const masks: Family = (memory) => ({
  mask_places(d, b, from, to) {
    const a = readArguments('mask_places', memory, d, b);
    const end = Math.min(to * BLOCK, rowsOf(memory, b) * a.m);
    for (let row = from * BLOCK; row < end; row++) {
      const first = (a.at.x >> 2) + row * a.L;
      memory.f32[(a.at.mask >> 2) + row] = memory.f32.slice(first, first + a.L).some((x) => x !== a.value) ? 1 : 0;
    }
  },

  mask_shares(d, b, from, to) {
    const a = readArguments('mask_shares', memory, d, b);
    for (let image = from; image < to; image++) {
      const mask = memory.f32.slice((a.at.mask >> 2) + image * a.T, (a.at.mask >> 2) + (image + 1) * a.T);
      const sum = mask.reduce((x, y) => x + y, 0);
      memory.f32.set(
        mask.map((m) => (sum === 0 ? 0 : m / sum)),
        (a.at.shares >> 2) + image * a.T,
      );
    }
  },
});
