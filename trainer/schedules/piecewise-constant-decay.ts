// piecewise-constant-decay.ts: a rate for each stretch of steps; a boundary is the last step before the next. Keras' PiecewiseConstantDecay.
import { z } from 'zod';
import { schedule, share } from './kind.ts';

export const piecewiseConstantDecay = schedule({
  config: {
    boundaries: z.array(z.int().nonnegative()).nonempty(),
    values: z.array(share).min(2),
  },
  wrong: (c) => (c.values.length === c.boundaries.length + 1 ? null : 'one value more than boundaries'),
  rate(c, step) {
    const passed = c.boundaries.filter((boundary) => step > boundary).length;
    return c.values[passed]!;
  },
});
