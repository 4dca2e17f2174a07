// adam.ts: Adam and AdamW as Keras has them: bias corrections folded into the rate, epsilon outside ("epsilon hat").
// Source: Kingma and Ba (2015), section 2, last paragraph; Loshchilov and Hutter (2019) for the decoupled decay.
import { type OptimizerKind, power } from './kind.ts';

export interface AdamConfig {
  readonly learning_rate: number;
  readonly beta_1: number;
  readonly beta_2: number;
  readonly epsilon: number;
  readonly weight_decay: number;
}

export const adam: OptimizerKind<AdamConfig> = {
  slots: () => ['momentum', 'velocity'],
  update(c, { build, count, partAt, p, nextP, slot, nextSlot, scalars }) {
    build.call(
      'adam',
      { p, nextP, m: slot(0), nextM: nextSlot(0), v: slot(1), nextV: nextSlot(1), scalars },
      { count, partAt },
      { oneMinusBeta1: 1 - c.beta_1, oneMinusBeta2: 1 - c.beta_2, epsilon: c.epsilon },
      { independent: true },
    );
  },
  scalars(c, step) {
    const alpha = (c.learning_rate * Math.sqrt(1 - power(c.beta_2, step))) / (1 - power(c.beta_1, step));
    return [alpha, c.learning_rate * c.weight_decay];
  },
};
