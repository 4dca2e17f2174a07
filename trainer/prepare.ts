// prepare.ts: a job made ready for a machine: compiled, its memory counted, its data checked against its model. Starts nothing.
import { ShoalError } from '../base/errors.ts';
import type { Dataset, Reader } from '../datasets/reader.ts';
import { type TransformConfig, transformRows } from '../datasets/transforms/index.ts';
import { alignUp, MEMORY_LIMIT } from '../kernels/arena.ts';
import { feedBytes } from './feed.ts';
import type { Job } from './job.ts';
import { shapeText } from './layers/common.ts';
import { localStoreBytes } from './local-store.ts';
import { losses } from './losses/index.ts';
import type { LossKind } from './losses/kind.ts';
import { metrics as metricKinds } from './metrics/index.ts';
import type { Metric } from './metrics/kind.ts';
import type { Segment } from './model.ts';
import { optimizerOf } from './optimizers/index.ts';
import type { OptimizerKind } from './optimizers/kind.ts';
import { compile, type InputSpec, type Program } from './plan.ts';
import { poolBytes } from './pool.ts';
import { sharesOf } from './tree.ts';
import { versionsBytes } from './versions.ts';
import { wasmExecutorBytes } from './wasm-executor.ts';
import { segmentsOf } from './weights.ts';

/** How a machine runs a job. None of it decides a bit of the result. */
export interface Machine {
  readonly threads: number;
  /** Threads that share one micro-shard. */
  readonly teamSize: number;
  /** Micro-shards that a team computes side by side, as a power of two. */
  readonly level: number;
  /** Pieces of work under way at once. */
  readonly depth: number;
  /** Batches held at once, being read or computed. */
  readonly slots: number;
  readonly ranges: number;
  /** Parts of a contribution that an executor with a memory of its own may bring at once. */
  readonly staging: number;
}

export interface Prepared {
  readonly program: Program;
  readonly segments: readonly Segment[];
  readonly metrics: readonly Metric[];
  readonly transforms: readonly TransformConfig[];
  readonly optimizer: OptimizerKind<unknown>;
  readonly optimizerConfig: unknown;
  readonly machine: Machine;
  /** Bytes by purpose. */
  readonly memory: Readonly<Record<string, number>>;
  readonly bytes: number;
}

export interface PrepareOptions {
  readonly threads: number;
  /** Default: 1 where there are as many micro-shards as threads, else as few as keep every thread busy. */
  readonly teamSize?: number;
  readonly ranges?: number;
  /** Micro-shards computed side by side, as a power of two. Default: chosen by the sizes of weights and activations. */
  readonly level?: number;
  /** Default 0: the executor computes in the store's memory. */
  readonly staging?: number;
}

/** Bytes of input batches that are read ahead at most. */
const READ_AHEAD = 64 * 2 ** 20;

/** @throws SHOAL_DATA_LABEL, SHOAL_SHAPE, SHOAL_LOSS, SHOAL_METRIC, SHOAL_MODEL, SHOAL_THREADS, SHOAL_MEMORY_TOO_LARGE */
export function prepare(job: Job, dataset: Dataset, options: PrepareOptions): Prepared {
  const { model } = job;
  checkParts(dataset);
  const { parameters: segments, shapes } = segmentsOf(model);
  const loss = losses[job.loss.class_name];
  const fromLogits = 'from_logits' in job.loss.config && job.loss.config.from_logits === true;
  const output = shapes[model.output]!.shape;
  checkLoss(job, loss, fromLogits, output);
  const transforms = labelTransforms(job, dataset, loss, output);
  const input = inputSpec(job, dataset, transforms, loss, output);
  const metrics = job.metrics.map((m) => metricKinds[m.name]('k' in m ? m.k : 1));
  const compiled = (level: number): Program => {
    const rows = sharesOf(job.batch, job.microShards)
      .slice(0, 2 ** level)
      .reduce((a, b) => a + b, 0);
    return compile({ model, segments, shapes, rows, loss, fromLogits, metrics, input });
  };
  const teams = teamsFor(job, options);
  const single = compiled(0);
  checkMetrics(metrics, single);
  const level = options.level ?? levelFor(job, single, options.threads / teams.teamSize);
  const program = level === 0 ? single : compiled(level);
  const machine = machineFor(job, program, options, teams.teamSize, level);
  const optimizer = optimizerOf(job.optimizer.class_name);
  const optimizerConfig = job.optimizer.config;
  const memory = memoryOf(job, program, segments, optimizer, optimizerConfig, machine);
  const bytes = Object.values(memory).reduce((a, b) => a + b, 0);
  if (bytes > MEMORY_LIMIT) throw tooLarge(memory, bytes, machine);
  return { program, segments, metrics, transforms, optimizer, optimizerConfig, machine, memory, bytes };
}

function teamsFor(job: Job, options: PrepareOptions): { readonly teamSize: number } {
  const { threads, teamSize } = options;
  const size = teamSize ?? Math.max(1, Math.ceil(threads / job.microShards));
  if (!Number.isInteger(threads / size)) {
    // a team size that nobody asked for gives way; one that somebody asked for is an error
    if (teamSize === undefined) return teamsFor(job, { ...options, teamSize: threads });
    throw new ShoalError({
      code: 'SHOAL_THREADS',
      operation: 'form teams of threads',
      got: `${threads} threads in teams of ${size}`,
      expected: 'a number of threads that the team size divides',
      hint: 'Change --threads or the team size.',
    });
  }
  return { teamSize: size };
}

/**
 * Where weights are large, a pass over them costs more than a pass over activations: then several micro-shards share each pass, as
 * many as leave every team a bundle. Where activations are larger, one micro-shard at a time keeps them in the cache.
 */
function levelFor(job: Job, single: Program, teams: number): number {
  if (single.contribution.scalarsAt < single.plans.train.arenaBytes / 2) return 0;
  return Math.floor(Math.log2(Math.max(1, job.microShards / teams)));
}

function machineFor(job: Job, program: Program, options: PrepareOptions, teamSize: number, level: number): Machine {
  const { threads, ranges = 1, staging = 0 } = options;
  const batchBytes = Math.ceil(job.microShards / 2 ** level) * program.input.leafBytes;
  const slots = Math.max(3, Math.min(16, Math.floor(READ_AHEAD / batchBytes)));
  return { threads, teamSize, level, depth: Math.max(1, Math.floor(slots / 2) - 1), slots, ranges, staging };
}

function memoryOf(
  job: Job,
  program: Program,
  segments: readonly Segment[],
  optimizer: OptimizerKind<unknown>,
  optimizerConfig: unknown,
  machine: Machine,
): Record<string, number> {
  const { threads, teamSize, level, depth, slots, ranges, staging } = machine;
  const { microShards } = job;
  const slotCount = optimizer.slots(optimizerConfig).length;
  const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  const versions = { segments, bytes: 0, slots: [], of: () => ({ parameters: 0, slots: 0 }) };
  const { contribution } = program;
  const sizes = { ranges, microShards, depth, staging };
  const store = localStoreBytes({ versions, contribution, optimizer, optimizerConfig, ...sizes });
  return {
    parameters_and_optimizer: versionsBytes(segments, slotCount),
    activations: alignUp(poolBytes(threads, teamSize, arenaBytes)),
    ...wasmExecutorBytes(program, { microShards, teams: threads / teamSize, depth, level }),
    updates: store,
    batches: feedBytes(program.input, Math.ceil(microShards / 2 ** level), slots),
  };
}

/** What is learnt from and what is held out must be samples of one kind. @throws SHOAL_SHAPE */
function checkParts({ train, test }: Dataset): void {
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
function checkLoss(job: Job, loss: LossKind, fromLogits: boolean, output: readonly number[]): void {
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
function checkMetrics(metrics: readonly Metric[], program: Program): void {
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
function labelTransforms(
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

function inputSpec(
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
  const dtype = image.dtype === 'u8' ? 'u8' : 'f32';
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

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

function tooLarge(memory: Readonly<Record<string, number>>, bytes: number, machine: Machine): ShoalError {
  const parts = Object.entries(memory).map(([name, size]) => `${name.replaceAll('_', ' ')} ${mib(size)}`);
  return new ShoalError({
    code: 'SHOAL_MEMORY_TOO_LARGE',
    operation: `plan the memory of ${machine.threads} threads in teams of ${machine.teamSize}`,
    got: `${mib(bytes)} (${parts.join(', ')})`,
    expected: `at most ${mib(MEMORY_LIMIT)}, what one WebAssembly memory holds`,
    hint: 'Lower batch, raise microShards, or use fewer threads.',
  });
}
