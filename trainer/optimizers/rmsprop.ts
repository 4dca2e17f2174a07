// rmsprop.ts: RMSprop as Keras has it: plain, centred around the mean gradient, with momentum. Source: Hinton (2012), lecture 6e.
import { z } from 'zod';
import { beta, epsilon, optimizer } from './kind.ts';

export const rmsprop = optimizer({
  config: { rho: beta(0.9), momentum: beta(0), epsilon: epsilon(1e-7), centered: z.boolean().default(false) },
  slots: (c) =>
    ['velocity', ...(c.momentum > 0 ? ['momentum'] : []), ...(c.centered ? ['average_gradient'] : [])].map((name) => ({
      name,
    })),
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    const hasMomentum = c.momentum > 0;
    const [m, a] = [hasMomentum ? 1 : 0, hasMomentum ? 2 : c.centered ? 1 : 0]; // of what is not kept: never touched
    build.call(
      'rmsprop',
      {
        p,
        nextP,
        v: slot(0),
        nextV: nextSlot(0),
        a: slot(c.centered ? a : 0),
        nextA: nextSlot(c.centered ? a : 0),
        m: slot(m),
        nextM: nextSlot(m),
        scalars,
      },
      { count, partAt, centered: c.centered ? 1 : 0, hasMomentum: hasMomentum ? 1 : 0 },
      { weightDecay, rho: c.rho, oneMinusRho: 1 - c.rho, momentum: c.momentum, epsilon: c.epsilon },
      { independent: true },
    );
  },
});
