// reduce-lr-on-plateau.ts: lowers the learning rate when a figure has not become better for some evaluations. Keras' ReduceLROnPlateau.
import { z } from 'zod';
import { callback, watched, watching } from './kind.ts';

export const reduceLrOnPlateau = callback({
  config: {
    ...watching,
    factor: z.number().gt(0).lt(1).default(0.1),
    patience: z.int().nonnegative().default(10),
    min_delta: z.number().nonnegative().default(0.0001),
    cooldown: z.int().nonnegative().default(0),
    min_lr: z.number().nonnegative().default(0),
  },
  decide(c, past, first) {
    if (first === null) return {};
    let rate = first;
    let best = Number.POSITIVE_INFINITY;
    let wait = 0;
    let cooling = 0;
    for (const { value } of watched(c, past)) {
      if (cooling > 0) {
        cooling--;
        wait = 0;
      }
      if (value < best - c.min_delta) {
        best = value;
        wait = 0;
      } else if (cooling === 0) {
        wait++;
        if (wait >= c.patience && rate > c.min_lr) {
          rate = Math.max(rate * c.factor, c.min_lr);
          cooling = c.cooldown;
          wait = 0;
        }
      }
    }
    return rate === first ? {} : { rate };
  },
});
