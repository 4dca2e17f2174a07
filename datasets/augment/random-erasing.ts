// random-erasing.ts: a box of random place, area and proportion painted over, with one colour or with noise.
import { z } from 'zod';
import { exp, log } from '../../base/scalar.ts';
import { augmentation, fillOption, probability, rangeOption } from './kind.ts';
import { bytesOf } from './picture.ts';

export const randomErasing = augmentation({
  config: {
    p: probability.default(0.5),
    scale: rangeOption(0, 1).default([0.02, 0.33]),
    ratio: rangeOption(1e-3).default([0.3, 3.3]),
    /** Of bytes, before they are normalised; "random": noise. */
    value: z.union([fillOption, z.literal('random')], 'a byte, one for each of three channels, or "random"').default(0),
  },
  train({ p, scale, ratio, value }, picture, chance) {
    if (!chance.happens(p)) return;
    const { rows, columns, channels } = picture;
    for (let i = 0; i < 10; i++) {
      const area = rows * columns * chance.uniform(...scale);
      const steep = exp(chance.uniform(log(ratio[0]), log(ratio[1])));
      const height = Math.floor(Math.sqrt(area * steep) + 0.5);
      const width = Math.floor(Math.sqrt(area / steep) + 0.5);
      if (height >= rows || width >= columns || height < 1 || width < 1) continue;
      const [top, left] = [chance.integer(rows - height + 1), chance.integer(columns - width + 1)];
      const bytes = picture.bytes();
      const paint = value === 'random' ? null : bytesOf(value, channels);
      for (let row = top; row < top + height; row++)
        for (let at = (row * columns + left) * channels, end = at + width * channels; at < end; at++)
          bytes[at] = paint ? paint[at % channels]! : chance.integer(256);
      return;
    }
  },
});
