// check-tensorflow.ts: trains a step on TensorFlow and says on what, as one line of JSON: a script, in a process of its own, since a
// native part that is wrong may end the process. Not the setup.
import { fileURLToPath } from 'node:url';
import { findOrdinary, findTensorflow, loadTensorflow, TFJS_NODE } from './tensorflow.ts';
import type { Scalar, Tensor2D, Tensor4D, Tf } from './tf.ts';

/** What the line holds. */
export interface TensorflowReport {
  /** Version of TensorFlow itself. */
  readonly tensorflow: string;
  readonly tfjs: string;
  readonly by: 'setup' | 'package';
  readonly path: string;
  readonly gpu: boolean;
  /** Mean squared errors before and after some steps of gradient descent. */
  readonly losses: readonly [number, number];
  readonly milliseconds: number;
}

/** A convolution and a dense layer fitted to fixed numbers: the losses before and after. */
function trainSteps(tf: Tf): readonly [number, number] {
  const numbers = (shape: number[], phase: number, scale: number) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length }, (_, i) => scale * Math.sin(i * 0.7 + phase));
    return tf.tensor(values, shape);
  };
  return tf.tidy(() => {
    const x = numbers([4, 8, 8, 3], 0, 1) as Tensor4D;
    const target = numbers([4, 2], 1, 1);
    const kernel = tf.variable(numbers([3, 3, 3, 4], 2, 0.3) as Tensor4D);
    const weights = tf.variable(numbers([256, 2], 3, 0.1) as Tensor2D);
    const loss = (): Scalar => {
      const y = tf.relu(tf.conv2d(x, kernel as Tensor4D, 1, 'same'));
      return tf.mean(tf.squaredDifference(tf.matMul(tf.reshape(y, [4, 256]), weights as Tensor2D), target));
    };
    const optimizer = tf.train.sgd(0.02);
    const first = loss().dataSync()[0]!;
    for (let step = 0; step < 5; step++) optimizer.minimize(loss);
    const last = loss().dataSync()[0]!;
    for (const part of [optimizer, kernel, weights]) part.dispose();
    return [first, last] as const;
  });
}

// import.meta.main is not there before Node 24
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = process.argv[2] === 'ordinary' ? findOrdinary() : findTensorflow();
  const tf = loadTensorflow(found);
  const since = performance.now();
  const losses = trainSteps(tf);
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as {
    readonly binding: { readonly TF_Version: string };
    readonly isUsingGpuDevice: boolean;
  };
  const report: TensorflowReport = {
    tensorflow: binding.TF_Version,
    tfjs: tf.version?.['tfjs-core'] ?? TFJS_NODE,
    by: found!.by,
    path: found!.path,
    gpu: isUsingGpuDevice,
    losses,
    milliseconds: performance.now() - since,
  };
  process.stdout.write(`\n${JSON.stringify(report)}\n`);
}
