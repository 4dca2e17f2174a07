// adamax.ts: Adamax as Keras has it: Adam by the infinity norm. Source: Kingma and Ba (2015), section 7.
import { beta, epsilon, optimizer, power } from './kind.ts';

export const adamax = optimizer({
  config: { beta_1: beta(0.9), beta_2: beta(0.999), epsilon: epsilon(1e-7) },
  slots: () => [{ name: 'momentum' }, { name: 'norm' }],
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    build.call(
      'adamax',
      { p, nextP, m: slot(0), nextM: nextSlot(0), u: slot(1), nextU: nextSlot(1), scalars },
      { count, partAt },
      { weightDecay, oneMinusBeta1: 1 - c.beta_1, beta2: c.beta_2, epsilon: c.epsilon },
      { independent: true },
    );
  },
  scalars: (c, rate, step) => [rate / (1 - power(c.beta_1, step))],
});
