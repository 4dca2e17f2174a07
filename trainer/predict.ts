// predict.ts: a trained model asked about samples, on the calling thread. Not an evaluation: nothing is compared (evaluate.ts).
import { ShoalError } from '../base/errors.ts';
import { type Dtype, dtypeOf } from '../datasets/reader.ts';
import { type KernelModule, loadKernels } from '../kernels/load.ts';
import { checkPrediction } from './api-arguments.ts';
import { f32 } from './codecs/f32.ts';
import { scaling } from './fit.ts';
import { createHostRunner } from './host-runner.ts';
import { checkIds } from './ids.ts';
import { joined, type Weights } from './initialize.ts';
import type { Job } from './job.ts';
import { shapeText } from './layers/common.ts';
import { lossOf } from './losses/index.ts';
import { elements } from './model.ts';
import { compile } from './plan.ts';
import { segmentsOf } from './weights.ts';

export interface PredictOptions {
  readonly job: Job;
  readonly snapshot: Weights;
  /** (n, ...input shape): pixels as a dataset has them, before scaling: 0 to 255 for u8. */
  readonly images: Uint8Array | Float32Array | Int32Array;
  readonly kernels?: KernelModule;
}

export interface Predictions {
  /** (n, ...output shape), after the last layer's activation: of the model's first output. */
  readonly outputs: Float32Array;
  readonly shape: readonly number[];
}

/** Samples computed at once. */
const ROWS = 32;

const severalInputs = (names: readonly string[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: 'predict',
    got: `a model with ${names.length} inputs: ${names.join(', ')}`,
    expected: 'a model with one input',
    hint: 'Measure it on a dataset instead: shoal eval.',
  });

/** Of a caller without types: other arrays would be read as other numbers. */
const wrongType = (images: unknown): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: 'predict',
    got: images instanceof Object ? images.constructor.name : String(images),
    expected: 'a Uint8Array, Float32Array or Int32Array',
    hint: 'For example Float32Array.from(values).',
  });

/**
 * What the model gives for each sample.
 * @throws SHOAL_JOB, SHOAL_WEIGHTS, SHOAL_SHAPE when the images are no whole number of the model's inputs, SHOAL_DATA_FIELD for other than typed arrays
 */
export async function predictSnapshot(options: PredictOptions): Promise<Predictions> {
  checkPrediction(options);
  const { job, snapshot, images, kernels } = options;
  const { model } = job;
  const input = model.inputs[0]!;
  if (model.inputs.length > 1) throw severalInputs(model.inputs.map(({ name }) => name));
  if (![Uint8Array, Float32Array, Int32Array].some((type) => images instanceof type)) throw wrongType(images);
  const size = elements(input.spec.shape);
  if (images.length === 0 || images.length % size !== 0) {
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation: 'predict',
      got: `${images.length} values`,
      expected: `a multiple of ${size}: samples of shape ${shapeText(input.spec.shape)}`,
      hint: 'Resize the images to what the model was trained on.',
    });
  }
  checkIds(model, input, images, 'the samples to predict');
  const predictor = openPredictor({ job, snapshot, dtype: dtypeOf(images), rows: ROWS, ...(kernels && { kernels }) });
  const { shape } = predictor;
  const each = elements(shape);
  const count = images.length / size;
  const outputs = new Float32Array(count * each);
  const bytes = new Uint8Array(images.buffer, images.byteOffset, images.byteLength);
  const rowBytes = bytes.length / count;
  for (let first = 0; first < count; first += ROWS) {
    const rows = Math.min(ROWS, count - first);
    outputs.set(predictor.run(bytes.subarray(first * rowBytes, (first + rows) * rowBytes), rows), first * each);
  }
  return { outputs, shape: [count, ...shape] };
}

export interface Predictor {
  /** Of one sample's output. */
  readonly shape: readonly number[];
  /** `samples`: the bytes of `count` samples. The result, (count, ...shape), stands until the next call. */
  run(samples: Uint8Array, count: number): Float32Array;
}

/** A model made ready to be asked about at most `rows` samples of a type at a time. Ids are not checked (ids.ts). */
export function openPredictor(options: {
  readonly job: Job;
  readonly snapshot: Weights;
  readonly dtype: Dtype;
  readonly rows: number;
  readonly kernels?: KernelModule;
}): Predictor {
  const { job, snapshot, dtype, rows, kernels } = options;
  const { model } = job;
  const { weights: segments, shapes } = segmentsOf(model);
  const input = model.inputs[0]!;
  const program = compile({
    model,
    segments,
    shapes,
    rows,
    inputs: [{ field: input.name, dtype, ...scaling(job, input, dtype) }],
    outputs: job.outputs.map(({ loss }, i) => ({
      label: { field: `label ${i}`, bytes: 4 },
      loss: lossOf(loss),
      fromLogits: true,
      weight: 1,
      metrics: [],
    })),
    codec: f32,
  });
  const runner = createHostRunner(program, segments, kernels ?? loadKernels());
  runner.load(joined(snapshot));
  const { at, shape } = program.plans.predict.outputs[0]!;
  const each = elements(shape);
  const from = (runner.at[at.space] + at.at) >>> 2;
  return {
    shape,
    run(samples, count) {
      runner.views.u8.set(samples, runner.at.input);
      runner.run('predict', { rows: count });
      return runner.views.f32.subarray(from, from + count * each);
    },
  };
}
