// tokens.ts: rows of ids cut to a window, and ids hidden: for text. Hidden words that are to be told: the reader's task "masked".
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { augmentation, probability } from './kind.ts';

/** A window from a random place; of held-out rows the first. For labels of whole rows. */
export const randomTokenCrop = augmentation({
  config: { length: z.int().positive() },
  length({ length }, before) {
    if (length <= before) return length;
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation: 'augment by RandomTokenCrop',
      got: `rows of ${before} ids`,
      expected: `at least ${length}, its length`,
      hint: "Lower its length, or raise the reader's.",
    });
  },
  ids({ length }, ids, chance) {
    const start = chance ? chance.integer(ids.length - length + 1) : 0;
    ids.copyWithin(0, start, start + length);
  },
});

/** Ids of training rows become `mask_id`, each with probability p. */
export const randomTokenMask = augmentation({
  config: { p: probability.default(0.15), mask_id: z.int().nonnegative() },
  ids({ p, mask_id }, ids, chance) {
    if (chance) for (let i = 0; i < ids.length; i++) if (chance.happens(p)) ids[i] = mask_id;
  },
});
