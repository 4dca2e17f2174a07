// fit.ts: whether a job's data, model, loss and metrics fit each other, and what its samples become on their way in. Plans nothing.
import { ShoalError } from '../base/errors.ts';
import type { Dataset, Reader } from '../datasets/reader.ts';
import { type TransformConfig, transformRows } from '../datasets/transforms/index.ts';
import { vocabularyOf } from './ids.ts';
import type { Job } from './job.ts';
import { shapeText } from './layers/common.ts';
import type { LossKind } from './losses/kind.ts';
import type { Metric } from './metrics/kind.ts';
import type { InputSpec, Program } from './plan.ts';

/** What is learnt from and what is held out must be samples of one kind. @throws SHOAL_SHAPE */
export function checkParts({ train, test }: Dataset): void {
  const kind = ({ fields, classes }: Reader): string =>
    ['image', 'label']
      .map((name) => `${name} ${fields[name] ? `${shapeText(fields[name].shape)} ${fields[name].dtype}` : 'missing'}`)
      .concat(`${classes ?? 'no'} classes`)
      .join(', ');
  if (kind(train) === kind(test)) return;
  throw new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: 'hold samples out from training',
    got: `held-out samples with ${kind(test)}`,
    expected: `the kind of the training samples: ${kind(train)}`,
    hint: 'Give both parts of the dataset the same fields and classes.',
  });
}

/** A loss that contains the last activation needs a model that ends in it, or one that gives logits. */
export function checkLoss(job: Job, loss: LossKind, fromLogits: boolean, output: readonly number[]): void {
  if (loss.activation === 'softmax' && output.length !== 1) {
    throw new ShoalError({
      code: 'SHOAL_LOSS',
      operation: `pair ${loss.name} with the model's output`,
      got: `an output of shape ${shapeText(output)}`,
      expected: 'one row of classes for each sample: (classes)',
      hint: 'Put a Flatten layer before the last Dense layer.',
    });
  }
  const call = job.model.calls.find(({ name }) => name === job.model.output)!;
  const { activation = 'linear' } = job.model.layers[call.layer]!.config as { activation?: string };
  const expected = loss.activation === null ? null : fromLogits ? 'linear' : loss.activation;
  if (expected === null || activation === expected) return;
  throw new ShoalError({
    code: 'SHOAL_LOSS',
    operation: `pair ${loss.name} with the model's last layer, "${call.layer}"`,
    got: `the activation "${activation}"${fromLogits ? ' with from_logits: true' : ''}`,
    expected: `"${expected}"`,
    hint:
      loss.activation === activation
        ? 'Leave from_logits out.'
        : `End the model in "${loss.activation}", or in no activation with from_logits: true.`,
  });
}

/** Precision, recall and the like need a single answer for each sample. */
export function checkMetrics(metrics: readonly Metric[], program: Program): void {
  const wrong = metrics.find((metric) => !metric.suits(program.metrics));
  if (!wrong) return;
  throw new ShoalError({
    code: 'SHOAL_METRIC',
    operation: `measure ${wrong.name}`,
    got: `${program.metrics.classes} outputs that are no distribution over classes`,
    expected: 'a model that ends in softmax, or, but for top_k, in one sigmoid',
    hint: 'Leave the metric out.',
  });
}

/** Labels as the loss wants them. */
export function labelTransforms(
  job: Job,
  { train }: Dataset,
  loss: LossKind,
  output: readonly number[],
): readonly TransformConfig[] {
  const outputs = output.at(-1)!;
  const { classes } = train;
  const label = train.fields['label'];
  if (!label) throw labelError(job, 'no field named "label"', 'one');
  if (loss.labels === 'class') {
    if (label.dtype !== 'i32' || label.shape.length > 0)
      throw labelError(
        job,
        `labels of type ${label.dtype}, shape ${shapeText(label.shape)}`,
        'one whole number a sample',
      );
    const got = classes === null ? 'labels of an unknown number of classes' : `labels from 0 to ${classes - 1}`;
    if (classes === null || classes > outputs)
      // the kernels trust labels to be in range
      throw labelError(job, got, `labels from 0 to ${outputs - 1}, the model's outputs`);
    return [];
  }
  if (label.dtype !== 'i32') return [];
  if (outputs === 1) {
    if (classes !== null && classes > 2 && loss.activation === 'sigmoid')
      throw labelError(job, `${classes} classes`, 'two, for one sigmoid output');
    return [{ transform: 'to_float', field: 'label' }];
  }
  return [{ transform: 'one_hot', field: 'label', classes: outputs }];
}

export function inputSpec(
  job: Job,
  dataset: Dataset,
  transforms: readonly TransformConfig[],
  loss: LossKind,
  output: readonly number[],
): InputSpec {
  const { fields } = transformRows(dataset.train, transforms);
  const image = fields['image'];
  const { shape } = job.model.input.spec;
  if (!image || shapeText(image.shape) !== shapeText(shape)) {
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation: "give the dataset's samples to the model",
      got: image ? `images of shape ${shapeText(image.shape)}` : 'samples without a field named "image"',
      expected: `shape ${shapeText(shape)}, as the model's input "${job.model.input.name}"`,
      hint: "Change the model's input shape, or the dataset.",
    });
  }
  const label = fields['label']!;
  if (loss.labels === 'values' && shapeText(label.shape) !== shapeText(output))
    throw labelError(
      job,
      `labels of shape ${shapeText(label.shape)}`,
      `shape ${shapeText(output)}, as the model's output`,
    );
  const { dtype } = image;
  const channels = shape.at(-1)!;
  for (const [name, value] of Object.entries(job.normalize)) {
    if (typeof value === 'number' || value.length === channels) continue;
    throw new ShoalError({
      code: 'SHOAL_JOB',
      operation: `read the job "${job.name}"`,
      got: `normalize.${name}: ${value.length} numbers`,
      expected: `one, or one for each of the ${channels} channels`,
      hint: 'docs/job.md describes every key.',
    });
  }
  return { dtype, labelBytes: 4 * label.shape.reduce((a, b) => a * b, 1), ...pixelScaling(job, dtype) };
}

/** y = x * scale + shift for each channel: u8 pixels to [0, 1], then the job's mean and deviation. */
export function pixelScaling(job: Job, dtype: InputSpec['dtype']): Pick<InputSpec, 'scale' | 'shift'> {
  if (vocabularyOf(job.model) !== null) return { scale: [1], shift: [0] }; // ids are no pixels
  const unit = dtype === 'u8' ? 255 : 1;
  const list = (value: number | readonly number[]) => (typeof value === 'number' ? [value] : value);
  const [mean, std] = [list(job.normalize.mean), list(job.normalize.std)];
  const channel = Array.from({ length: Math.max(mean.length, std.length) }, (_, i) => i);
  return {
    scale: channel.map((i) => 1 / (unit * std[i % std.length]!)),
    shift: channel.map((i) => -mean[i % mean.length]! / std[i % std.length]!),
  };
}

const labelError = (job: Job, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `give the labels of the dataset to ${job.loss.class_name}`,
    got,
    expected,
    hint: "Change the loss, the model's last layer, or the dataset.",
  });
