// lamb.ts: LAMB as Keras has it: Adam's step, as long as the weights' norm. Source: You et al. (2020), arXiv 1904.00962.
import { beta, epsilon, optimizer, power } from './kind.ts';

export const lamb = optimizer({
  config: { beta_1: beta(0.9), beta_2: beta(0.999), epsilon: epsilon(1e-7) },
  slots: () => [{ name: 'momentum' }, { name: 'velocity' }],
  trust: {
    ratio: () => ({ coefficient: 1, decay: 0, epsilon: 0 }),
    measure(c, { build, count, partAt, p, slot, nextSlot, scalars, weightDecay }, { w, g }) {
      build.call(
        'lamb_moments',
        {
          ...{ p, m: slot(0), nextM: nextSlot(0), v: slot(1), nextV: nextSlot(1) },
          ...{ scalars, wSquares: w, uSquares: g },
        },
        { count, partAt },
        { weightDecay, oneMinusBeta1: 1 - c.beta_1, oneMinusBeta2: 1 - c.beta_2, epsilon: c.epsilon },
        { independent: true },
      );
    },
  },
  update(c, { build, count, p, nextP, nextSlot, scalars, weightDecay }) {
    const operands = { p, nextP, m: nextSlot(0), v: nextSlot(1), scalars };
    build.call('lamb', operands, { count }, { weightDecay, epsilon: c.epsilon }, { independent: true });
  },
  scalars: (c, _, step) => [1 / (1 - power(c.beta_1, step)), 1 / (1 - power(c.beta_2, step))],
});
