// check-tensorflow.ts: trains a step on TensorFlow and says on what, as one line of JSON: a script, in a process of its own, since a
// native part that is wrong may end the process. Not the setup.
import { fileURLToPath } from 'node:url';
import { findOrdinary, findTensorflow, loadTensorflow, TFJS_NODE } from './tensorflow.ts';
import { trainSteps } from './train-steps.ts';

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

// import.meta.main is not there before Node 24
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = process.argv[2] === 'ordinary' ? findOrdinary() : findTensorflow();
  const tf = loadTensorflow(found);
  const since = performance.now();
  const losses = await trainSteps(tf);
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
