// adadelta.ts: Adadelta as Keras has it, with its rate of 0.001: the paper's is 1. Source: Zeiler (2012).
import { beta, epsilon, optimizer } from './kind.ts';

export const adadelta = optimizer({
  config: { rho: beta(0.95), epsilon: epsilon(1e-7) },
  slots: () => [{ name: 'accumulated_grad' }, { name: 'accumulated_delta_var' }],
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    build.call(
      'adadelta',
      { p, nextP, a: slot(0), nextA: nextSlot(0), d: slot(1), nextD: nextSlot(1), scalars },
      { count, partAt },
      { weightDecay, rho: c.rho, oneMinusRho: 1 - c.rho, epsilon: c.epsilon },
      { independent: true },
    );
  },
});
