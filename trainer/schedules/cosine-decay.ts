// cosine-decay.ts: half a cosine from the first rate down to alpha of it, after a linear warm-up. Keras' CosineDecay.
// Source: Loshchilov and Hutter (2017), SGDR, equation 5, without restarts.
import { cosineFall, warmed, warmUp } from './cosine.ts';
import { schedule, share, steps } from './kind.ts';

export const cosineDecay = schedule({
  config: { initial_learning_rate: share, decay_steps: steps, alpha: share.default(0), ...warmUp },
  rate(c, step) {
    const at = warmed(c, step);
    if ('rate' in at) return at.rate;
    return at.top * ((1 - c.alpha) * cosineFall(Math.min(at.step, c.decay_steps) / c.decay_steps) + c.alpha);
  },
});
