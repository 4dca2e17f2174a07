// activate.ts: activations by their Keras names, in ops of tfjs: one line each. Our kernels': layers/activations.ts.
import type { ActivationName } from '../layers/activations.ts';
import type { Tensor, Tf } from './tf.ts';

type Activation = (tf: Tf, x: Tensor) => Tensor;

/** scale x where x > 0, else scale alpha (exp(x) - 1). */
export const elu =
  (alpha: number, scale = 1): Activation =>
  (tf, x) =>
    tf.mul(tf.add(tf.relu(x), tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), 1), alpha)), scale);

/** min(x, max) where x > threshold, else slope (x - threshold). By a step: tfjs has no gradient of what compares. */
export const rectify =
  (slope: number, threshold = 0, max = Number.POSITIVE_INFINITY): Activation =>
  (tf, x) => {
    const over = tf.sub(x, threshold);
    const gate = tf.step(over);
    const above = tf.mul(gate, max === Number.POSITIVE_INFINITY ? x : tf.minimum(x, max));
    return slope === 0 ? above : tf.add(above, tf.mul(tf.sub(1, gate), tf.mul(over, slope)));
  };

export const activations: Readonly<Record<ActivationName, Activation>> = {
  elu: elu(1),
  exponential: (tf, x) => tf.exp(x),
  gelu: (tf, x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  gelu_approximate: (tf, x) => {
    const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
  },
  hard_sigmoid: (tf, x) => tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1),
  hard_silu: (tf, x) => tf.mul(x, tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1)),
  leaky_relu: rectify(0.2),
  linear: (_, x) => x,
  log_softmax: (tf, x) => tf.logSoftmax(x),
  mish: (tf, x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  relu: (tf, x) => tf.relu(x),
  relu6: (tf, x) => tf.relu6(x), // not clipped: that lets the gradient pass at 0
  selu: elu(1.6732632423543772, 1.0507009873554805),
  sigmoid: (tf, x) => tf.sigmoid(x),
  silu: (tf, x) => tf.mul(x, tf.sigmoid(x)),
  softmax: (tf, x) => tf.softmax(x),
  softplus: (tf, x) => tf.softplus(x),
  softsign: (tf, x) => tf.div(x, tf.add(tf.abs(x), 1)),
  tanh: (tf, x) => tf.tanh(x),
};
