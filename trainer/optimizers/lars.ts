// lars.ts: LARS: SGD with momentum whose step in a tensor is as long as its weights and its gradient say. The decay is part of the
// gradient here, and what does not decay is not adapted: so has timm, whose trajectories these are. Source: You et al. (2017), arXiv 1708.03888.
import { z } from 'zod';
import { beta, epsilon, optimizer, rate } from './kind.ts';

export const lars = optimizer({
  config: {
    learning_rate: rate(0.1),
    momentum: beta(0.9),
    nesterov: z.boolean().default(false),
    trust_coefficient: z.number().positive().default(0.001),
    epsilon: epsilon(1e-8),
  },
  slots: () => [{ name: 'momentum' }],
  trust: {
    ratio: (c, decay) => (decay === 0 ? null : { coefficient: c.trust_coefficient, decay, epsilon: c.epsilon }),
    measure(_, { build, count, partAt, p, scalars }, { w, g }) {
      build.call('squares', { x: p, out: w }, { count }, {}, { independent: true });
      build.call('gradient_squares', { scalars, out: g }, { count, partAt }, {}, { independent: true });
    },
  },
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    build.call(
      'lars',
      { p, nextP, velocity: slot(0), nextVelocity: nextSlot(0), scalars },
      { count, partAt, nesterov: c.nesterov ? 1 : 0 },
      { weightDecay, momentum: c.momentum },
      { independent: true },
    );
  },
});
