// nadam.ts: Nadam as Keras has it: Adam whose momentum looks one step ahead, on a schedule of its own.
// Source: Dozat (2016), Incorporating Nesterov momentum into Adam, algorithm 2.
import { beta, epsilon, optimizer, power } from './kind.ts';

/** The momentum of a step, counted from 1. */
const momentumAt = (beta1: number, step: number): number => beta1 * (1 - 0.5 * power(0.96, step));

export const nadam = optimizer({
  config: { beta_1: beta(0.9), beta_2: beta(0.999), epsilon: epsilon(1e-7) },
  slots: () => [{ name: 'momentum' }, { name: 'velocity' }],
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    build.call(
      'nadam',
      { p, nextP, m: slot(0), nextM: nextSlot(0), v: slot(1), nextV: nextSlot(1), scalars },
      { count, partAt },
      { weightDecay, oneMinusBeta1: 1 - c.beta_1, oneMinusBeta2: 1 - c.beta_2, epsilon: c.epsilon },
      { independent: true },
    );
  },
  scalars(c, rate, step) {
    const now = momentumAt(c.beta_1, step);
    const next = momentumAt(c.beta_1, step + 1);
    let product = 1; // of all momentums so far; it vanishes after some thousands
    for (let t = 1; t <= step && product > 0; t++) product *= momentumAt(c.beta_1, t);
    return [(rate * next) / (1 - product * next), (rate * (1 - now)) / (1 - product), 1 / (1 - power(c.beta_2, step))];
  },
});
