// random-resized-crop.ts: a part of random area and proportion, brought to one size: the beginning of the standard recipe.
import { z } from 'zod';
import { exp, log } from '../../base/scalar.ts';
import type { Chance } from './chance.ts';
import { augmentation, middle, rangeOption, resizeFilter, sizeOption } from './kind.ts';
import type { Box, Picture } from './picture.ts';

export const randomResizedCrop = augmentation({
  config: {
    size: sizeOption,
    scale: rangeOption(0).default([0.08, 1]),
    ratio: rangeOption(1e-3).default([3 / 4, 4 / 3]),
    interpolation: resizeFilter,
    /** timm's: of held-out images, the share of the shorter side that the middle takes which is brought to `size`. */
    crop_pct: z.number().gt(0).max(1).default(0.875),
  },
  size: ({ size }) => size,
  train({ size: [rows, columns], scale, ratio, interpolation }, picture, chance) {
    picture.resize(boxOf(picture, scale, ratio, chance), rows, columns, interpolation);
  },
  heldOut({ size: [rows, columns], interpolation, crop_pct }, picture) {
    const share = crop_pct * Math.min(picture.rows / rows, picture.columns / columns);
    const part = (side: number) => Math.max(1, Math.floor(side * share + 0.5));
    picture.resize(middle(picture, part(rows), part(columns)), rows, columns, interpolation);
  },
});

type Range = readonly [number, number];

/** Ten tries, then the largest box in the middle whose proportion is allowed. */
function boxOf(picture: Picture, [least, most]: Range, [flat, steep]: Range, chance: Chance): Box {
  const { rows, columns } = picture;
  const [low, high] = [log(flat), log(steep)];
  for (let i = 0; i < 10; i++) {
    const area = rows * columns * chance.uniform(least, most);
    const ratio = exp(chance.uniform(low, high));
    const width = Math.floor(Math.sqrt(area * ratio) + 0.5);
    const height = Math.floor(Math.sqrt(area / ratio) + 0.5);
    if (width < 1 || width > columns || height < 1 || height > rows) continue;
    const top = chance.integer(rows - height + 1);
    return { top, left: chance.integer(columns - width + 1), rows: height, columns: width };
  }
  if (columns / rows < flat) return middle(picture, Math.min(rows, Math.floor(columns / flat + 0.5)), columns);
  if (columns / rows > steep) return middle(picture, rows, Math.min(columns, Math.floor(rows * steep + 0.5)));
  return middle(picture, rows, columns);
}
