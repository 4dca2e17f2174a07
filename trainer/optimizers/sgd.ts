// sgd.ts: stochastic gradient descent, with momentum and Nesterov's as Keras writes them: v = mu v - rate g; p += v.
import { z } from 'zod';
import { beta, optimizer, rate } from './kind.ts';

export const sgd = optimizer({
  config: { learning_rate: rate(0.01), momentum: beta(0), nesterov: z.boolean().default(false) },
  slots: (c) => (c.momentum > 0 ? [{ name: 'momentum' }] : []),
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    if (c.momentum === 0) {
      build.call('sgd', { p, nextP, scalars }, { count, partAt }, { weightDecay }, { independent: true });
      return;
    }
    build.call(
      'sgd_momentum',
      { p, nextP, velocity: slot(0), nextVelocity: nextSlot(0), scalars },
      { count, partAt, nesterov: c.nesterov ? 1 : 0 },
      { weightDecay, momentum: c.momentum },
      { independent: true },
    );
  },
});
