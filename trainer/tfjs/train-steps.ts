// train-steps.ts: a small network fitted to fixed numbers on a backend of tfjs, to see whether it trains at all. No model of Shoal's.
import type { Scalar, Tensor2D, Tensor4D, Tf } from './tf.ts';

/** A convolution and a dense layer: mean squared errors before and after some steps of gradient descent. */
export async function trainSteps(tf: Tf): Promise<readonly [before: number, after: number]> {
  const numbers = (shape: number[], phase: number, scale: number) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length }, (_, i) => scale * Math.sin(i * 0.7 + phase));
    return tf.tensor(values, shape);
  };
  const x = numbers([4, 8, 8, 3], 0, 1) as Tensor4D;
  const target = numbers([4, 2], 1, 1);
  const kernel = tf.variable(numbers([3, 3, 3, 4], 2, 0.3) as Tensor4D);
  const weights = tf.variable(numbers([256, 2], 3, 0.1) as Tensor2D);
  const loss = (): Scalar => {
    const y = tf.relu(tf.conv2d(x, kernel as Tensor4D, 1, 'same'));
    return tf.mean(tf.squaredDifference(tf.matMul(tf.reshape(y, [4, 256]), weights as Tensor2D), target));
  };
  const optimizer = tf.train.sgd(0.02);
  const first = tf.tidy(loss);
  for (let step = 0; step < 5; step++) optimizer.minimize(loss);
  const last = tf.tidy(loss);
  const [before, after] = [(await first.data())[0]!, (await last.data())[0]!];
  for (const part of [optimizer, kernel, weights, x, target, first, last]) part.dispose();
  return [before, after];
}
