// plan.ts: a model compiled for micro-shards of at most `rows` samples: kernel calls with fixed offsets. It runs nothing.
import { ShoalError } from '../base/errors.ts';
import type { Operand } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import type { Codec } from './codecs/kind.ts';
import { type ContributionLayout, contributionLayout, memoryBytes, movingOf } from './contribution.ts';
import { layerOf } from './layers/index.ts';
import type { Emitted, LayerKind } from './layers/kind.ts';
import type { LossKind } from './losses/kind.ts';
import { bothMasks } from './masks.ts';
import type { Counts, Metric, MetricContext } from './metrics/kind.ts';
import { elements, type Model, type Segment, type TensorSpec } from './model.ts';
import { createPacks, type PackCalls } from './packs.ts';
import { backwardPass, behind } from './plan-backward.ts';
import { fixedAt, PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import { emitInput } from './plan-input.ts';
import { type Halo, NO_HALO, type Tensor, widest } from './tensor.ts';

export type Mode = 'train' | 'evaluate' | 'predict';

/** The inputs and labels of one bundle of micro-shards, as the data pool leaves them. */
export interface InputLayout {
  /** Bytes from one bundle of a batch to the next. */
  readonly leafBytes: number;
  /** By name in the dataset: the model's inputs, then the labels of its outputs. `at`: byte offset of its first row inside its bundle. */
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
  readonly metrics: readonly Metric[];
}

export interface Plan {
  readonly mode: Mode;
  readonly calls: readonly PlanCall[];
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
  /** Floating-point operations for one sample. */
  readonly flops: number;
}

/** Everything that a job needs compiled. */
export interface Program {
  readonly model: Model;
  readonly rows: number;
  readonly plans: Readonly<Record<Mode, Plan>>;
  readonly packs: PackCalls;
  readonly packedBytes: number;
  readonly tables: Tables;
  readonly contribution: ContributionLayout;
  readonly input: InputLayout;
  readonly outputs: readonly ProgramOutput[];
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
  const scalars = lengths.reduce((sum, length) => sum + length, firstCount(outputs.length));
  const contribution = contributionLayout(options.segments, scalars);
  const one = (mode: Mode) => compileMode(mode, options, { tables, packs, input, outputs, contribution });
  const plans = { train: one('train'), evaluate: one('evaluate'), predict: one('predict') };
  return {
    model,
    rows,
    plans,
    packs: packs.calls(),
    packedBytes: packs.bytes,
    tables,
    contribution,
    input,
    outputs,
  };
}

/** Scalars: the loss that is minimised, then, where several add up to it, each output's own, then the counts. */
const firstCount = (outputs: number): number => (outputs === 1 ? 1 : 1 + outputs);

function outputsOf({ model, shapes, outputs }: CompileOptions): readonly ProgramOutput[] {
  return outputs.map(({ loss, metrics }, i) => {
    const name = model.outputs[i]!;
    const { shape } = shapes[name]!;
    const exclusive = loss.activation === 'softmax';
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
    if (!segmentsOfLayer(segments, layer).some(({ state, frozen }) => state && !frozen)) continue;
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

/** Layers with several calls. */
export const sharedLayers = ({ layers, calls }: Model): readonly string[] =>
  Object.keys(layers).filter((layer) => calls.filter((call) => call.layer === layer).length > 1);

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
  for (const { label } of outputs) add(label.field, label.bytes);
  return { leafBytes, fields };
}

/** Each kind of counts once, in the order of first use. */
function countsOf(metrics: readonly Metric[]): readonly Counts[] {
  return [...new Map(metrics.map((metric) => [metric.counts.key, metric.counts])).values()];
}

interface Shared {
  readonly tables: Tables;
  readonly packs: ReturnType<typeof createPacks>;
  readonly input: InputLayout;
  readonly outputs: readonly ProgramOutput[];
  readonly contribution: ContributionLayout;
}

function compileMode(mode: Mode, options: CompileOptions, shared: Shared): Plan {
  const { model } = options;
  const build = new PlanBuilder(options.rows, shared.tables);
  const deferred = deferredCalls(mode, options);
  const halos = halosOf(options);
  const tensors = new Map<string, Tensor>();
  const emitted = new Map<string, Emitted>();
  const masks = new Map<string, Tensor>();

  model.inputs.forEach(({ name, spec }, i) => {
    build.layer = name;
    const field = options.inputs[i]!;
    const source = fixedAt('input', shared.input.fields[field.field]!.at);
    tensors.set(name, emitInput(build, spec, field, source, halos.values.get(name)!));
  });

  model.calls.forEach((call, site) => {
    const { kind, config } = layerFor(model, call.layer);
    build.layer = call.name;
    const spec = options.shapes[call.name]!;
    const given = call.inputs.map((name) => masks.get(name) ?? null);
    const result = kind.emit(config, {
      build,
      packs: shared.packs,
      inputs: call.inputs.map((name) => tensors.get(name)!),
      masks: given,
      output: () => build.tensor(spec.shape, halos.values.get(call.name)!),
      spec,
      weight: (name) => fixedAt('parameters', 4 * segment(options.segments, call.layer, name).at),
      sum: (name) => fixedAt('contribution', 4 * segment(options.segments, call.layer, name).at),
      training: mode === 'train',
      deferActivation: deferred.has(call.name),
      site,
    });
    emitted.set(call.name, result);
    const mask = result.mask ?? (kind.passesMask ? bothMasks(build, given) : null);
    if (mask) masks.set(call.name, mask);
    // a layer that changes nothing gives its input as it lies: its readers may need a wider halo
    tensors.set(call.name, build.covered(result.output, halos.values.get(call.name)!));
  });

  const results = model.outputs.map((name) => build.compact(tensors.get(name)!));
  const { gradients, counts } =
    mode === 'predict' ? { gradients: null, counts: [] } : emitLosses(build, mode, options, shared, results);
  if (gradients) backwardPass({ build, options, emitted, halos: halos.gradients, gradients, deferred });
  if (mode !== 'predict') {
    build.layer = 'sums';
    const { length, from } = counts.at(-1) ?? { from: 0, length: firstCount(results.length) };
    build.call(
      'ladder_f64',
      { values: fixedAt('contribution', shared.contribution.scalarsAt) },
      { count: from + length },
      {},
    );
  }

  const operands = results.map((tensor) => build.at(tensor));
  const { calls, arenaBytes, resolve } = build.finish();
  const flops = calls.reduce((sum, call) => sum + call.flops, 0);
  const outputs = results.map(({ shape }, i) => ({ at: resolve(operands[i]!), shape }));
  return { mode, calls, arenaBytes, outputs, counts, flops };
}

/** Every output's loss, its counts, and where the plan trains the gradient that it asks for, by name of the output. */
function emitLosses(
  build: PlanBuilder,
  mode: Mode,
  options: CompileOptions,
  { input, outputs, contribution }: Shared,
  results: readonly Tensor[],
): { readonly gradients: ReadonlyMap<string, Tensor> | null; readonly counts: Plan['counts'] } {
  const { model } = options;
  const scalar = (i: number): Operand => fixedAt('contribution', contribution.scalarsAt + 8 * i);
  const gradients = new Map<string, Tensor>();
  const counts: Plan['counts'][number][] = [];
  let from = firstCount(outputs.length);
  build.pass = 'loss';
  options.outputs.forEach(({ loss, fromLogits, label, weight, metrics }, output) => {
    const { context, lossAt } = outputs[output]!;
    const result = results[output]!;
    build.layer = loss.name;
    const labels = fixedAt('input', input.fields[label.field]!.at);
    const y = loss.activation === null && !fromLogits ? result : build.tensor(result.shape);
    const dOutput = mode === 'train' ? build.tensor(result.shape) : null;
    loss.emit({ build, output: result, labels, y, dOutput, sum: scalar(lossAt) });
    for (const kind of countsOf(metrics.filter((m) => mode === 'evaluate' || m.everyStep))) {
      const length = kind.length(context);
      kind.emit(build, context, y, labels, scalar(from));
      counts.push({ key: kind.key, output, from, length });
      from += length;
    }
    if (dOutput) gradients.set(model.outputs[output]!, dOutput);
    if (dOutput && weight !== 1) scale(build, dOutput, weight);
  });
  if (outputs.length > 1) {
    build.layer = 'loss';
    const weights = build.tables.add(Float32Array.from(options.outputs, ({ weight }) => weight));
    build.call('weigh_f64', { values: scalar(1), weights, sum: scalar(0) }, { count: outputs.length }, {});
  }
  return { gradients: mode === 'train' ? gradients : null, counts };
}

/** y *= factor, in place; y is compact. */
function scale(build: PlanBuilder, y: Tensor, factor: number): void {
  const L = y.imageStride;
  const [a, b] = [build.at(y), build.tables.add(Float32Array.of(factor))];
  const strides = { aImage: L, aA: 0, aB: 0, aL: 1, bImage: 0, bA: 0, bB: 0, bL: 0, yImage: L, yA: 0, yB: 0 };
  build.call('combine', { a, b, y: a }, { operation: 2, A: 1, B: 1, L, ...strides }, {});
}

export function layerFor(model: Model, name: string): { kind: LayerKind<unknown>; config: unknown } {
  const { className, config } = model.layers[name]!;
  return { kind: layerOf(className), config };
}

/** Segments of a layer. Layer names may hold a slash; the last one of a path comes before the weight's. */
export const segmentsOfLayer = (segments: readonly Segment[], layer: string): readonly Segment[] =>
  segments.filter(({ path }) => path.slice(0, path.lastIndexOf('/')) === layer);

/** Whether a layer has parameters that are trained. */
export const isTrained = (segments: readonly Segment[], layer: string): boolean =>
  segmentsOfLayer(segments, layer).some(({ state, frozen }) => !state && !frozen);

export function segment(segments: readonly Segment[], layer: string, weight: string): Segment {
  return segments.find((s) => s.path === `${layer}/${weight}`)!;
}

/** The calls whose activation a loss computes itself. */
function deferredCalls(mode: Mode, { model, outputs }: CompileOptions): ReadonlySet<string> {
  if (mode === 'predict') return new Set();
  return new Set(model.outputs.filter((_, i) => !outputs[i]!.fromLogits && outputs[i]!.loss.activation !== null));
}

/** The zeros that the readers of each value, and of each value's gradient, need around it. */
function halosOf(options: CompileOptions): {
  readonly values: ReadonlyMap<string, Halo>;
  readonly gradients: ReadonlyMap<string, Halo>;
} {
  const { model, shapes } = options;
  const trained = behind(options);
  const values = new Map<string, Halo>(model.inputs.map(({ name }) => [name, NO_HALO]));
  const gradients = new Map<string, Halo>();
  for (const call of model.calls) {
    const { kind, config } = layerFor(model, call.layer);
    const inputs = call.inputs.map((name) => shapes[name]!);
    values.set(call.name, NO_HALO);
    const wanted = call.inputs.some((name) => trained.has(name));
    gradients.set(call.name, kind.gradientHalo?.(config, inputs[0]!, wanted) ?? NO_HALO);
    for (const [i, name] of call.inputs.entries()) {
      values.set(name, widest(values.get(name)!, kind.inputHalo?.(config, inputs[i]!) ?? NO_HALO));
    }
  }
  return { values, gradients };
}
