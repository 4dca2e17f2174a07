// exponential-decay.ts: initial x rate^(step / decay_steps); staircase: by whole powers. Keras' ExponentialDecay.
import { z } from 'zod';
import { pow } from '../../base/scalar.ts';
import { positive, schedule, steps } from './kind.ts';

export const exponentialDecay = schedule({
  config: {
    initial_learning_rate: positive,
    decay_steps: steps,
    decay_rate: positive,
    staircase: z.boolean().default(false),
  },
  rate(c, step) {
    const p = step / c.decay_steps;
    return c.initial_learning_rate * pow(c.decay_rate, c.staircase ? Math.floor(p) : p);
  },
});
