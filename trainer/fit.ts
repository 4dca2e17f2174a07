// fit.ts: whether a job's data, model, loss and metrics fit each other, and what its samples become on their way in. Plans nothing.
import { ShoalError } from '../base/errors.ts';
import { followersOf } from '../datasets/augment/followers.ts';
import { augmentedFields, kindOf, mixes } from '../datasets/augment/index.ts';
import type { Dataset, Reader } from '../datasets/reader.ts';
import { type TransformConfig, transformRows } from '../datasets/transforms/index.ts';
import { vocabularyOf } from './ids.ts';
import type { Job } from './job.ts';
import type { JobOutput } from './job-outputs.ts';
import { shapeText } from './layers/common.ts';
import type { LossKind } from './losses/kind.ts';
import type { ModelInput } from './model.ts';
import type { InputField, Program } from './plan.ts';

/** What is learnt from and what is held out must be samples of one kind. @throws SHOAL_SHAPE */
export function checkParts({ train, test }: Dataset): void {
  const names = [...new Set([...Object.keys(train.fields), ...Object.keys(test.fields)])].sort();
  const kind = ({ fields, classes }: Reader): string =>
    names
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

/** An output of a job's model, and what it is compared with. */
export interface Wanted {
  /** Name of the call. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly loss: LossKind;
  readonly fromLogits: boolean;
}

/** A loss that contains the last activation needs an output that ends in it, or one that gives logits. */
export function checkLoss(job: Job, { name, shape: output, loss, fromLogits }: Wanted): void {
  if (loss.activation === 'softmax' && output.length > 2) {
    throw new ShoalError({
      code: 'SHOAL_LOSS',
      operation: `pair ${loss.name} with the model's output`,
      got: `an output of shape ${shapeText(output)}`,
      expected: 'one row of classes for each sample, or for each of its places: (classes) or (places, classes)',
      hint: 'Put a Flatten layer before the last Dense layer.',
    });
  }
  const call = job.model.calls.find((one) => one.name === name)!;
  const { activation = 'linear' } = job.model.layers[call.layer]!.config as { activation?: string };
  const expected = loss.activation === null ? null : fromLogits ? 'linear' : loss.activation;
  if (expected !== null && expected !== 'linear' && activation === expected) checkReaders(job, name, loss);
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

/** The plan leaves an activation out that the loss contains: nobody else may read its result. */
function checkReaders({ model }: Job, output: string, loss: LossKind): void {
  const reader = model.calls.find((call) => call.inputs.includes(output));
  if (!reader) return;
  throw new ShoalError({
    code: 'SHOAL_LOSS',
    operation: `pair ${loss.name} with the output "${output}"`,
    got: `"${reader.name}", a layer that reads the output's ${loss.activation}`,
    expected: `an output that no layer reads, or one without activation and from_logits: true`,
    hint: 'Let the layer read what stands before the output.',
  });
}

/** Precision, recall and the like need a single answer for each sample. */
export function checkMetrics({ outputs }: Program): void {
  for (const { prefix, metrics, context } of outputs) {
    const wrong = metrics.find((metric) => !metric.suits(context));
    if (!wrong) continue;
    throw new ShoalError({
      code: 'SHOAL_METRIC',
      operation: `measure ${prefix}${wrong.name}`,
      got: `${context.classes} outputs that are no distribution over classes`,
      expected: 'a model that ends in softmax, or, but for top_k, in one sigmoid',
      hint: 'Leave the metric out.',
    });
  }
}

/** The field of the dataset that an output's labels are in: "label", or where there are several outputs, the output's name. */
export const labelField = (job: Job, { name }: Pick<Wanted, 'name'>): string =>
  job.model.outputs.length === 1 ? 'label' : name;

/** Labels as the loss wants them. */
export function labelTransforms(job: Job, { train }: Dataset, wanted: Wanted): readonly TransformConfig[] {
  const { loss, shape: output } = wanted;
  const field = labelField(job, wanted);
  const outputs = output.at(-1)!;
  const { classes } = train;
  const label = (field === 'label' ? augmentedFields(train.fields, job.augment) : train.fields)[field];
  if (!label) throw labelError(job, wanted, `no field named "${field}"`, 'one');
  if (mixes(job.augment) && !(loss.labels === 'values' && label.dtype === 'i32' && outputs > 1))
    throw labelError(job, wanted, mixingNames(job), 'labels that become shares of classes: categorical_crossentropy');
  if (loss.labels === 'class') {
    const places = output.slice(0, -1);
    if (label.dtype !== 'i32' || shapeText(label.shape) !== shapeText(places))
      throw labelError(
        job,
        wanted,
        `labels of type ${label.dtype}, shape ${shapeText(label.shape)}`,
        places.length === 0 ? 'one whole number a sample' : `whole numbers of shape ${shapeText(places)}, one a place`,
      );
    const got = classes === null ? 'labels of an unknown number of classes' : `labels from 0 to ${classes - 1}`;
    if (classes === null || classes > outputs)
      // the kernels trust labels to be in range
      throw labelError(job, wanted, got, `labels from 0 to ${outputs - 1}, the model's outputs`);
    return [];
  }
  if (label.dtype !== 'i32') return [];
  if (field === 'label' && job.augment.length > 0 && followersOf(train.fields) !== null)
    throw labelError(job, wanted, 'labels that move with their images', 'a loss that takes them as class numbers');
  if (outputs === 1) {
    if (classes !== null && classes > 2 && loss.activation === 'sigmoid')
      throw labelError(job, wanted, `${classes} classes`, 'two, for one sigmoid output');
    return [{ transform: 'to_float', field }];
  }
  return [{ transform: 'one_hot', field, classes: outputs }];
}

const mixingNames = ({ augment }: Job): string =>
  augment
    .filter((one) => kindOf(one).mix)
    .map(({ class_name }) => class_name)
    .join(', ');

/** Where an output's labels are, once they have been through the transforms, and how long they are. */
export function labelSpec(
  job: Job,
  dataset: Dataset,
  transforms: readonly TransformConfig[],
  wanted: Wanted,
): { readonly field: string; readonly bytes: number } {
  const field = labelField(job, wanted);
  const label = augmentedFields(transformRows(dataset.train, transforms).fields, job.augment)[field]!;
  if (wanted.loss.labels === 'values' && shapeText(label.shape) !== shapeText(wanted.shape))
    throw labelError(
      job,
      wanted,
      `labels of shape ${shapeText(label.shape)}`,
      `shape ${shapeText(wanted.shape)}, as the model's output`,
    );
  return { field, bytes: 4 * label.shape.reduce((a, b) => a * b, 1) };
}

/** Where the weights of an output's samples are, and how many a sample has. @throws SHOAL_JOB unless it is f32 and there */
export function weightSpec(
  job: Job,
  { train }: Dataset,
  { name, sampleWeights: field }: JobOutput,
): { readonly field: string; readonly perSample: number } | null {
  if (field === null) return null;
  const found = train.fields[field];
  if (
    found?.dtype === 'f32' &&
    field !== labelField(job, { name }) &&
    !job.model.inputs.some((it) => it.name === field)
  )
    return { field, perSample: found.shape.reduce((a, b) => a * b, 1) };
  throw new ShoalError({
    code: 'SHOAL_JOB',
    operation: `weigh the samples of the job "${job.name}"`,
    got: found ? `the field "${field}", ${found.dtype} ${shapeText(found.shape)}` : `no field named "${field}"`,
    expected: 'a field of its own: one f32 number a sample, or one a place',
    hint: `The dataset has ${Object.keys(train.fields).join(', ')}.`,
  });
}

/** What each input of the model is made of: the field of its name, or, where the model has one input, "image". */
export function inputFields(job: Job, dataset: Dataset, transforms: readonly TransformConfig[]): readonly InputField[] {
  const fields = augmentedFields(transformRows(dataset.train, transforms).fields, job.augment);
  const { inputs } = job.model;
  return inputs.map((input) => {
    const name = inputs.length === 1 && !fields[input.name] ? 'image' : input.name;
    const field = fields[name];
    const { shape } = input.spec;
    if (!field || shapeText(field.shape) !== shapeText(shape)) {
      throw new ShoalError({
        code: 'SHOAL_SHAPE',
        operation: "give the dataset's samples to the model",
        got: field ? `${name}s of shape ${shapeText(field.shape)}` : `samples without a field named "${name}"`,
        expected: `shape ${shapeText(shape)}, as the model's input "${input.name}"`,
        hint: "Change the model's input shape, or the dataset.",
      });
    }
    checkNormalize(job, shape.at(-1) ?? 1);
    return { field: name, dtype: field.dtype, ...scaling(job, input, field.dtype) };
  });
}

function checkNormalize(job: Job, channels: number): void {
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
}

/**
 * y = x * scale + shift for each channel: u8 pixels to [0, 1], then the job's mean and deviation. Of several inputs those alone that
 * are pixels.
 */
export function scaling(
  { model, normalize }: Job,
  input: ModelInput,
  dtype: InputField['dtype'],
): Pick<InputField, 'scale' | 'shift'> {
  const asIs = model.inputs.length > 1 && dtype !== 'u8';
  if (asIs || vocabularyOf(model, input.name) !== null) return { scale: [1], shift: [0] }; // ids are no pixels
  const unit = dtype === 'u8' ? 255 : 1;
  const list = (value: number | readonly number[]) => (typeof value === 'number' ? [value] : value);
  const [mean, std] = [list(normalize.mean), list(normalize.std)];
  const channel = Array.from({ length: Math.max(mean.length, std.length) }, (_, i) => i);
  return {
    scale: channel.map((i) => 1 / (unit * std[i % std.length]!)),
    shift: channel.map((i) => -mean[i % mean.length]! / std[i % std.length]!),
  };
}

const labelError = (job: Job, { name, loss }: Wanted, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `give the labels of the dataset to ${job.model.outputs.length === 1 ? '' : `"${name}": `}${loss.name}`,
    got,
    expected,
    hint: "Change the loss, the model's last layer, or the dataset.",
  });
