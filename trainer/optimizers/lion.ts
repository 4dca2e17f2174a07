// lion.ts: Lion as Keras has it: steps of one size, the sign of a blend of momentum and gradient. Source: Chen et al. (2023).
import { beta, optimizer } from './kind.ts';

export const lion = optimizer({
  config: { beta_1: beta(0.9), beta_2: beta(0.99) },
  slots: () => [{ name: 'momentum' }],
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    build.call(
      'lion',
      { p, nextP, m: slot(0), nextM: nextSlot(0), scalars },
      { count, partAt },
      { weightDecay, beta1: c.beta_1, oneMinusBeta1: 1 - c.beta_1, beta2: c.beta_2, oneMinusBeta2: 1 - c.beta_2 },
      { independent: true },
    );
  },
});
