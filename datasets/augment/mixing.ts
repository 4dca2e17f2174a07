// mixing.ts: samples of a micro-shard mixed with their mirror image in it (the first with the last), images and labels in one proportion.
import { z } from 'zod';
import type { Chance } from './chance.ts';
import { augmentation, probability, type Row, type Size, type Values } from './kind.ts';

const config = {
  alpha: z.number().positive().default(1),
  /** timm's: of micro-shards that are mixed at all. */
  p: probability.default(1),
};

/** Whether, and by which share, of Beta(alpha, alpha); in 2^16ths, which bytes and labels hold alike. */
function shareOf({ alpha, p }: Values<typeof config>, chance: Chance): number | null {
  if (!chance.happens(p)) return null;
  const [a, b] = [chance.gamma(alpha), chance.gamma(alpha)];
  return a + b > 0 ? Math.floor((65536 * a) / (a + b) + 0.5) / 65536 : 1;
}

/** Each pair of rows once; the middle one of an odd number stays. */
function forPairs(rows: readonly Row[], each: (one: Row, other: Row) => void): void {
  for (let i = 0; 2 * i < rows.length - 1; i++) each(rows[i]!, rows[rows.length - 1 - i]!);
}

function mixLabels(one: Row, other: Row, share: number): void {
  one.labels.forEach((ours, field) => {
    const theirs = other.labels[field]!;
    for (let i = 0; i < ours.length; i++) {
      const [a, b] = [ours[i]!, theirs[i]!];
      ours[i] = share * a + (1 - share) * b;
      theirs[i] = share * b + (1 - share) * a;
    }
  });
}

/** All pixels: `share` of a sample, the rest of its partner. */
export const mixUp = augmentation({
  config,
  mix(config, rows, [height, width], scratch, chance) {
    const share = shareOf(config, chance);
    if (share === null) return;
    forPairs(rows, (one, other) => {
      scratch.reset(height, width);
      scratch.bytes().set(other.image);
      scratch.keep(0);
      scratch.bytes().set(one.image);
      scratch.keep(1);
      scratch.mixKept(0, share);
      one.image.set(scratch.bytes());
      scratch.restore(0);
      scratch.mixKept(1, share);
      other.image.set(scratch.bytes());
      mixLabels(one, other, share);
    });
  },
});

/** A box changes places with that of the partner; labels go by its area. */
export const cutMix = augmentation({
  config,
  mix(config, rows, size, _, chance) {
    const share = shareOf(config, chance);
    if (share === null || rows.length < 2) return;
    const { top, left, bottom, right } = boxOf(size, share, chance);
    const [height, width] = size;
    const channels = rows[0]!.image.length / (height * width);
    const kept = 1 - ((bottom - top) * (right - left)) / (height * width);
    forPairs(rows, (one, other) => {
      for (let row = top; row < bottom; row++) {
        const [from, to] = [(row * width + left) * channels, (row * width + right) * channels];
        const ours = one.image.slice(from, to);
        one.image.set(other.image.subarray(from, to), from);
        other.image.set(ours, from);
      }
      mixLabels(one, other, kept);
    });
  },
});

/** Of the area 1 - share about a random point, cut off at the borders. */
function boxOf([height, width]: Size, share: number, chance: Chance) {
  const [x, y] = [chance.integer(width), chance.integer(height)];
  const half = 0.5 * Math.sqrt(1 - share);
  const part = (at: number, side: number) => Math.min(side, Math.max(0, Math.trunc(at)));
  return {
    top: part(y - half * height, height),
    left: part(x - half * width, width),
    bottom: part(y + half * height, height),
    right: part(x + half * width, width),
  };
}
