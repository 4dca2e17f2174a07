// inverse-time-decay.ts: initial / (1 + rate step / decay_steps); staircase: by whole multiples. Keras' InverseTimeDecay.
import { z } from 'zod';
import { positive, schedule, share, steps } from './kind.ts';

export const inverseTimeDecay = schedule({
  config: {
    initial_learning_rate: positive,
    decay_steps: steps,
    decay_rate: share,
    staircase: z.boolean().default(false),
  },
  rate(c, step) {
    const p = step / c.decay_steps;
    return c.initial_learning_rate / (1 + c.decay_rate * (c.staircase ? Math.floor(p) : p));
  },
});
