// polynomial-decay.ts: from the first rate to the last along (1 - step / decay_steps)^power, once or in cycles. Keras' PolynomialDecay.
import { z } from 'zod';
import { pow } from '../../base/scalar.ts';
import { positive, schedule, share, steps } from './kind.ts';

export const polynomialDecay = schedule({
  config: {
    initial_learning_rate: positive,
    decay_steps: steps,
    end_learning_rate: share.default(0.0001),
    power: positive.default(1),
    cycle: z.boolean().default(false),
  },
  rate(c, step) {
    const { initial_learning_rate: first, end_learning_rate: last } = c;
    const length = c.cycle ? c.decay_steps * Math.max(1, Math.ceil(step / c.decay_steps)) : c.decay_steps;
    return (first - last) * pow(1 - Math.min(step, length) / length, c.power) + last;
  },
});
