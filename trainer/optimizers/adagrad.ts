// adagrad.ts: Adagrad as Keras has it. Source: Duchi et al. (2011).
import { z } from 'zod';
import { epsilon, optimizer } from './kind.ts';

export const adagrad = optimizer({
  config: { initial_accumulator_value: z.number().nonnegative().default(0.1), epsilon: epsilon(1e-7) },
  slots: (c) => [{ name: 'accumulator', initial: c.initial_accumulator_value }],
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    const operands = { p, nextP, a: slot(0), nextA: nextSlot(0), scalars };
    build.call('adagrad', operands, { count, partAt }, { weightDecay, epsilon: c.epsilon }, { independent: true });
  },
});
