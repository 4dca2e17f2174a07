// sgd.ts: stochastic gradient descent, with momentum and Nesterov's as Keras writes them: v = mu v - rate g; p += v.
import type { OptimizerKind } from './kind.ts';

export interface SgdConfig {
  readonly learning_rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weight_decay: number;
}

export const sgd: OptimizerKind<SgdConfig> = {
  slots: (c) => (c.momentum > 0 ? ['momentum'] : []),
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars }) {
    const weightDecay = c.weight_decay;
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
  scalars: (c) => [c.learning_rate],
};
