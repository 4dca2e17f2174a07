// cosine-decay-restarts.ts: half cosines one after another, each t_mul times as long and m_mul times as high. Keras'
// CosineDecayRestarts, and the warm-up of CosineDecay before it. Source: Loshchilov and Hutter (2017), SGDR.
import { z } from 'zod';
import { cosineFall, warmed, warmUp } from './cosine.ts';
import { positive, schedule, share, steps } from './kind.ts';

export const cosineDecayRestarts = schedule({
  config: {
    initial_learning_rate: share,
    first_decay_steps: steps,
    t_mul: z.number().min(1).default(2),
    m_mul: positive.default(1),
    alpha: share.default(0),
    ...warmUp,
  },
  rate(c, step) {
    const warm = warmed(c, step);
    if ('rate' in warm) return warm.rate;
    // period by period, by sums and products: a logarithm would round to the wrong side of a restart
    let [from, length, height] = [0, c.first_decay_steps, 1];
    if (c.t_mul === 1) {
      const periods = Math.floor(warm.step / length);
      from = periods * length;
      for (let i = 0; i < periods && height > 0 && c.m_mul !== 1; i++) height *= c.m_mul;
    } else
      while (warm.step >= from + length) {
        from += length;
        length *= c.t_mul;
        height *= c.m_mul;
      }
    const fall = height * cosineFall((warm.step - from) / length);
    return warm.top * ((1 - c.alpha) * fall + c.alpha);
  },
});
