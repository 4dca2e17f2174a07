// gaussian-blur.ts: pictures blurred by a bell of random width.
import { z } from 'zod';
import { blurTaps } from '../image/taps.ts';
import { augmentation, rangeOption } from './kind.ts';
import { MOST_TAPS } from './picture.ts';

const odd = z
  .int()
  .positive()
  .lt(MOST_TAPS)
  .refine((n) => n % 2 === 1, 'an odd number');

export const gaussianBlur = augmentation({
  config: {
    /** Rows and columns, or one number for both. */
    kernel_size: z.union([odd, z.tuple([odd, odd])], 'an odd number below 64, or two'),
    sigma: z
      .union([z.number().positive(), rangeOption(1e-6)], 'a number, or [low, high]')
      .default([0.1, 2])
      .transform((value) => (typeof value === 'number' ? ([value, value] as const) : value)),
  },
  train({ kernel_size, sigma }, picture, chance) {
    const [down, along] = typeof kernel_size === 'number' ? [kernel_size, kernel_size] : kernel_size;
    const width = chance.uniform(...sigma);
    picture.across(blurTaps(picture.columns, along, width));
    picture.down(blurTaps(picture.rows, down, width));
  },
});
