// plan.ts: a model compiled for micro-shards of at most `rows` samples: kernel calls with fixed offsets. It runs nothing.
import { ShoalError } from '../base/errors.ts';
import type { Operand } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import type { Codec } from './codecs/kind.ts';
import { type ContributionLayout, contributionLayout, memoryBytes, movingOf, penalizedOf } from './contribution.ts';
import { jointPaths } from './joint.ts';
import { segmentsOfLayer, sharedLayers } from './layer-segments.ts';
import type { LossKind } from './losses/kind.ts';
import type { Counts, Metric, MetricContext } from './metrics/kind.ts';
import { elements, type Model, type Segment, type TensorSpec } from './model.ts';
import { createPacks, type PackCalls, type PackPlan } from './packs.ts';
import { backwardPass } from './plan-backward.ts';
import { fixedAt, PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import { type Final, finalsOf } from './plan-finals.ts';
import { emitForward } from './plan-forward.ts';
import { emitLosses } from './plan-losses.ts';

export type Mode = 'train' | 'evaluate' | 'predict';

/** The inputs and labels of one bundle of micro-shards, as the data pool leaves them. */
export interface InputLayout {
  /** Bytes from one bundle of a batch to the next. */
  readonly leafBytes: number;
  /** By name in the dataset: the model's inputs, weights of samples, then the labels of its outputs. `at`: byte offset of its first row inside its bundle. */
  readonly fields: Readonly<Record<string, { readonly at: number; readonly rowBytes: number }>>;
}

/** What one input of the model is made of. */
export interface InputField {
  /** In the dataset. */
  readonly field: string;
  readonly dtype: 'u8' | 'f32' | 'i32';
  /** y = x * scale + shift, one of each per channel or one for all. */
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** What one output of the model is compared with, and how. */
export interface OutputOptions {
  readonly label: { readonly field: string; readonly bytes: number };
  readonly loss: LossKind;
  /** The model gives logits: the loss applies its activation, predictions do not. */
  readonly fromLogits: boolean;
  /** Its part in the loss that is minimised. */
  readonly weight: number;
  /** The field with weights of samples, f32, so many a sample. Default null: all count alike. */
  readonly sampleWeights?: { readonly field: string; readonly perSample: number } | null;
  readonly metrics: readonly Metric[];
}

export interface Plan {
  readonly mode: Mode;
  readonly calls: readonly PlanCall[];
  /** Of each of the last calls, which all threads make together (joint.ts): the call after which what it reads stands. None, unless asked for. */
  readonly joint: readonly number[];
  readonly arenaBytes: number;
  /** Where the model's outputs lie when the plan has run: (rows, ...shape), compact. */
  readonly outputs: readonly { readonly at: Operand; readonly shape: readonly number[] }[];
  /** Counted sums, in order, after the losses. `output`: of which of the model's. */
  readonly counts: readonly {
    readonly key: string;
    readonly output: number;
    readonly from: number;
    readonly length: number;
  }[];
  /** Sums that stand before the plan has ended. Of a training plan alone. */
  readonly finals: readonly Final[];
  /** Floating-point operations for one sample. */
  readonly flops: number;
}

/** Everything that a job needs compiled. */
export interface Program {
  /** What it is compiled from. */
  readonly options: CompileOptions;
  readonly model: Model;
  readonly rows: number;
  readonly plans: Readonly<Record<Mode, Plan>>;
  readonly packs: PackCalls;
  readonly packedBytes: number;
  readonly tables: Tables;
  readonly contribution: ContributionLayout;
  readonly input: InputLayout;
  readonly outputs: readonly ProgramOutput[];
  /** Where the penalties of weights stand among the scalars, times the rows; null: there are none. */
  readonly penaltyAt: number | null;
  /** Full names of tensors whose gradients all threads make together. */
  readonly joint: ReadonlySet<string>;
}

/** What is measured of one output. */
export interface ProgramOutput {
  /** Before the names of its figures: "" where the model has but one output. */
  readonly prefix: string;
  /** Where its loss stands among the scalars. */
  readonly lossAt: number;
  readonly metrics: readonly Metric[];
  readonly context: MetricContext;
}

export interface CompileOptions {
  readonly model: Model;
  /** Of all weights: parameters, then state. */
  readonly segments: readonly Segment[];
  readonly shapes: Readonly<Record<string, TensorSpec>>;
  /** The most samples in one micro-shard. */
  readonly rows: number;
  /** As the model's inputs. */
  readonly inputs: readonly InputField[];
  /** As the model's outputs. */
  readonly outputs: readonly OutputOptions[];
  readonly codec: Codec;
  /** Where activations of a training plan are computed again: names of the last calls of its parts. Default: nowhere. */
  readonly cuts?: readonly string[];
  /** Rows of a whole batch, where all threads may make gradients together (joint.ts). Default 0: they do not. */
  readonly jointRows?: number;
}

/** @throws SHOAL_MODEL for a shared layer that keeps moving statistics */
export function compile(options: CompileOptions): Program {
  refuseSharedStatistics(options);
  const { model, rows } = options;
  const tables = new Tables();
  const packs = createPacks(tables, memoryBytes(movingOf(options.segments)));
  const input = inputLayout(options);
  const outputs = outputsOf(options);
  const lengths = outputs.flatMap(({ metrics, context }) => countsOf(metrics).map((c) => c.length(context)));
  const penalties = penalizedOf(options.segments);
  const penaltyAt = penalties.length === 0 ? null : lossesOf(outputs.length);
  const firstCount = lossesOf(outputs.length) + (penaltyAt === null ? 0 : 1);
  const scalars = lengths.reduce((sum, length) => sum + length, firstCount);
  const contribution = contributionLayout(options.segments, scalars);
  const one = (mode: Mode) =>
    compileMode(mode, options, { tables, packs, input, outputs, contribution, firstCount, penalties });
  const plans = { train: one('train'), evaluate: one('evaluate'), predict: one('predict') };
  return {
    options,
    model,
    rows,
    plans,
    packs: packs.calls(),
    packedBytes: packs.bytes,
    tables,
    contribution,
    input,
    outputs,
    penaltyAt,
    joint: jointPaths({ plans, contribution }),
  };
}

/**
 * Scalars that are losses: the one that is minimised, but for penalties of weights, and, where several add up to it, each output's own.
 * The penalties follow, where there are any, then the counts.
 */
export const lossesOf = (outputs: number): number => (outputs === 1 ? 1 : 1 + outputs);

function outputsOf({ model, shapes, outputs }: CompileOptions): readonly ProgramOutput[] {
  return outputs.map(({ loss, metrics }, i) => {
    const name = model.outputs[i]!;
    const { shape } = shapes[name]!;
    const exclusive = loss.activation === 'softmax' || loss.labels === 'class';
    const classes = exclusive ? shape.at(-1)! : elements(shape);
    return {
      prefix: outputs.length === 1 ? '' : `${name}_`,
      lossAt: outputs.length === 1 ? 0 : 1 + i,
      metrics,
      context: {
        classes,
        places: elements(shape) / classes,
        labels: loss.labels,
        exclusive,
      },
    };
  });
}

/** A step moves a statistic once: of several calls of its layer, each would see the data another way. */
function refuseSharedStatistics({ model, segments }: CompileOptions): void {
  for (const layer of sharedLayers(model)) {
    if (!segmentsOfLayer(segments, layer).some(({ state, frozen, resting }) => state && !frozen && !resting)) continue;
    const calls = model.calls.filter((call) => call.layer === layer);
    throw new ShoalError({
      code: 'SHOAL_MODEL',
      operation: `compile the model "${model.name}"`,
      got: `the layer "${layer}" with moving statistics, called ${calls.length} times (${calls.map((call) => call.name).join(', ')})`,
      expected: 'such layers to be called once',
      hint: 'Give each call a layer of its own, or freeze the layer: "trainable": false.',
    });
  }
}

function inputLayout({ model, rows, inputs, outputs }: CompileOptions): InputLayout {
  const fields: Record<string, { at: number; rowBytes: number }> = {};
  let leafBytes = 0;
  const add = (field: string, rowBytes: number): void => {
    fields[field] = { at: leafBytes, rowBytes };
    leafBytes = alignUp(leafBytes + rows * rowBytes);
  };
  model.inputs.forEach(({ spec }, i) => {
    const { field, dtype } = inputs[i]!;
    add(field, elements(spec.shape) * (dtype === 'u8' ? 1 : 4));
  });
  for (const { sampleWeights } of outputs)
    if (sampleWeights && !fields[sampleWeights.field]) add(sampleWeights.field, 4 * sampleWeights.perSample);
  for (const { label } of outputs) add(label.field, label.bytes);
  return { leafBytes, fields };
}

/** Each kind of counts once, in the order of first use. */
export function countsOf(metrics: readonly Metric[]): readonly Counts[] {
  return [...new Map(metrics.map((metric) => [metric.counts.key, metric.counts])).values()];
}

/** What all modes of a program share. */
export interface Shared {
  readonly tables: Tables;
  readonly packs: PackPlan;
  readonly input: InputLayout;
  readonly outputs: readonly ProgramOutput[];
  readonly contribution: ContributionLayout;
  /** Where counts begin among the scalars. */
  readonly firstCount: number;
  /** Weights with a penalty that counts. */
  readonly penalties: readonly Segment[];
}

function compileMode(mode: Mode, options: CompileOptions, shared: Shared): Plan {
  const build = new PlanBuilder(options.rows, shared.tables, mode === 'train' ? options.jointRows : 0);
  const forward = emitForward(build, mode, options, shared);
  const { results } = forward;
  const losses = mode === 'predict' ? null : emitLosses(build, mode, options, shared, results);
  const written = losses?.gradients ? backwardPass({ build, options, forward, gradients: losses.gradients }) : [];
  const counts = losses?.counts ?? [];
  if (losses) {
    build.layer = 'sums';
    const values = fixedAt('contribution', shared.contribution.scalarsAt);
    const { length, from } = counts.at(-1) ?? { from: 0, length: shared.firstCount };
    build.call('ladder_f64', { values }, { count: from + length }, {});
  }
  const operands = results.map((tensor) => build.at(tensor));
  const { calls, joint, arenaBytes, resolve } = build.finish(operands);
  const flops = calls.reduce((sum, call) => sum + call.flops, 0);
  const outputs = results.map(({ shape }, i) => ({ at: resolve(operands[i]!), shape }));
  const finals = joint.length > 0 ? [] : finalsOf(options.segments, written); // what is joint stands last
  return { mode, calls, joint, arenaBytes, outputs, counts, finals, flops };
}
