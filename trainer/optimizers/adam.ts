// adam.ts: Adam, AMSGrad and AdamW as Keras has them: bias corrections folded into the rate, epsilon outside ("epsilon hat").
// Sources: Kingma and Ba (2015), section 2, last paragraph; Reddi et al. (2018); Loshchilov and Hutter (2019) for the decoupled decay.
import { z } from 'zod';
import { beta, decay, epsilon, optimizer, power } from './kind.ts';

export const adam = optimizer({
  config: { beta_1: beta(0.9), beta_2: beta(0.999), epsilon: epsilon(1e-7), amsgrad: z.boolean().default(false) },
  slots: (c) => ['momentum', 'velocity', ...(c.amsgrad ? ['velocity_hat'] : [])].map((name) => ({ name })),
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars, weightDecay }) {
    const operands = { p, nextP, m: slot(0), nextM: nextSlot(0), v: slot(1), nextV: nextSlot(1), scalars };
    const ints = { count, partAt };
    const floats = { weightDecay, oneMinusBeta1: 1 - c.beta_1, oneMinusBeta2: 1 - c.beta_2, epsilon: c.epsilon };
    const independent = { independent: true };
    if (c.amsgrad)
      build.call('amsgrad', { ...operands, top: slot(2), nextTop: nextSlot(2) }, ints, floats, independent);
    else build.call('adam', operands, ints, floats, independent);
  },
  scalars: (c, rate, step) => [(rate * Math.sqrt(1 - power(c.beta_2, step))) / (1 - power(c.beta_1, step))],
});

/** The same update: only the default of its decay differs. */
export const adamW = { ...adam, config: { ...adam.config, weight_decay: decay(0.004) } };
