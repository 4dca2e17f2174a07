// plan.ts: a model compiled for micro-shards of at most `rows` samples: kernel calls with fixed offsets. It runs nothing.
import { ShoalError } from '../base/errors.ts';
import type { Operand } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import type { Codec } from './codecs/kind.ts';
import { type ContributionLayout, contributionLayout } from './contribution.ts';
import { layerOf } from './layers/index.ts';
import type { Emitted, LayerKind } from './layers/kind.ts';
import type { LossKind } from './losses/kind.ts';
import type { Counts, Metric, MetricContext } from './metrics/kind.ts';
import { elements, type Model, type Segment, type TensorSpec } from './model.ts';
import { createPacks } from './packs.ts';
import { backwardPass } from './plan-backward.ts';
import { fixedAt, PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import { emitInput } from './plan-input.ts';
import { type Halo, NO_HALO, type Tensor, widest } from './tensor.ts';

export type Mode = 'train' | 'evaluate' | 'predict';

/** The pixels and labels of one bundle of micro-shards, as the data pool leaves them. */
export interface InputLayout {
  /** Bytes from one bundle of a batch to the next. */
  readonly leafBytes: number;
  /** `at`: byte offset of the field's first row inside its bundle. */
  readonly fields: Readonly<Record<'image' | 'label', { readonly at: number; readonly rowBytes: number }>>;
}

export interface InputSpec {
  readonly dtype: 'u8' | 'f32';
  readonly labelBytes: number;
  /** y = x * scale + shift, one of each per channel or one for all. */
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

export interface Plan {
  readonly mode: Mode;
  readonly calls: readonly PlanCall[];
  readonly arenaBytes: number;
  /** Where the model's output lies when the plan has run: (rows, ...shape), compact. */
  readonly output: { readonly at: Operand; readonly shape: readonly number[] };
  /** Counted sums, in order, after the loss. */
  readonly counts: readonly { readonly key: string; readonly from: number; readonly length: number }[];
  /** Floating-point operations for one sample. */
  readonly flops: number;
}

/** Everything that a job needs compiled. */
export interface Program {
  readonly model: Model;
  readonly rows: number;
  readonly plans: Readonly<Record<Mode, Plan>>;
  readonly packs: readonly PlanCall[];
  readonly packedBytes: number;
  readonly tables: Tables;
  readonly contribution: ContributionLayout;
  readonly input: InputLayout;
  readonly metrics: MetricContext;
}

export interface CompileOptions {
  readonly model: Model;
  /** Of all weights: parameters, then state. */
  readonly segments: readonly Segment[];
  readonly shapes: Readonly<Record<string, TensorSpec>>;
  /** The most samples in one micro-shard. */
  readonly rows: number;
  readonly loss: LossKind;
  /** The model gives logits: the loss applies its activation, predictions do not. */
  readonly fromLogits: boolean;
  readonly metrics: readonly Metric[];
  readonly input: InputSpec;
  readonly codec: Codec;
}

/** @throws SHOAL_MODEL for a layer with weights that is called more than once */
export function compile(options: CompileOptions): Program {
  refuseShared(options);
  const { model, rows, shapes } = options;
  const tables = new Tables();
  const packs = createPacks(tables);
  const input = inputLayout(options);
  const classes = elements(shapes[model.output]!.shape);
  const metrics: MetricContext = {
    classes,
    labels: options.loss.labels,
    exclusive: options.loss.activation === 'softmax',
  };
  const scalars = 1 + countsOf(options.metrics).reduce((sum, c) => sum + c.length(metrics), 0);
  const contribution = contributionLayout(options.segments, scalars);
  const one = (mode: Mode) => compileMode(mode, options, { tables, packs, input, metrics, contribution });
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
    metrics,
  };
}

/** The gradient of a weight is stored, not added to: a second call of its layer would overwrite the first's. */
function refuseShared({ model, segments }: CompileOptions): void {
  for (const layer of Object.keys(model.layers)) {
    const calls = model.calls.filter((call) => call.layer === layer);
    if (calls.length < 2 || !hasWeights(segments, layer)) continue;
    throw new ShoalError({
      code: 'SHOAL_MODEL',
      operation: `compile the model "${model.name}" for training`,
      got: `the layer "${layer}" with weights, called ${calls.length} times (${calls.map((call) => call.name).join(', ')})`,
      expected: 'layers with weights that are called once',
      hint: 'Shoal does not train shared layers yet: give each call a layer of its own.',
    });
  }
}

function inputLayout({ model, rows, input }: CompileOptions): InputLayout {
  const rowBytes = elements(model.input.spec.shape) * (input.dtype === 'u8' ? 1 : 4);
  const label = { at: alignUp(rows * rowBytes), rowBytes: input.labelBytes };
  return { leafBytes: alignUp(label.at + rows * label.rowBytes), fields: { image: { at: 0, rowBytes }, label } };
}

/** Each kind of counts once, in the order of first use. */
function countsOf(metrics: readonly Metric[]): readonly Counts[] {
  return [...new Map(metrics.map((metric) => [metric.counts.key, metric.counts])).values()];
}

interface Shared {
  readonly tables: Tables;
  readonly packs: ReturnType<typeof createPacks>;
  readonly input: InputLayout;
  readonly metrics: MetricContext;
  readonly contribution: ContributionLayout;
}

function compileMode(mode: Mode, options: CompileOptions, shared: Shared): Plan {
  const { model, loss } = options;
  const build = new PlanBuilder(options.rows, shared.tables);
  const deferred = deferredCall(mode, options);
  const halos = halosOf(options);
  const tensors = new Map<string, Tensor>();
  const emitted = new Map<string, Emitted>();

  build.layer = model.input.name;
  tensors.set(model.input.name, emitInput(build, options, shared.input, halos.values.get(model.input.name)!));

  model.calls.forEach((call, site) => {
    const { kind, config } = layerFor(model, call.layer);
    build.layer = call.name;
    const spec = options.shapes[call.name]!;
    const result = kind.emit(config, {
      build,
      packs: shared.packs,
      inputs: call.inputs.map((name) => tensors.get(name)!),
      output: () => build.tensor(spec.shape, halos.values.get(call.name)!),
      spec,
      weight: (name) => fixedAt('parameters', 4 * segment(options.segments, call.layer, name).at),
      sum: (name) => fixedAt('contribution', 4 * segment(options.segments, call.layer, name).at),
      training: mode === 'train',
      deferActivation: call.name === deferred,
      site,
    });
    emitted.set(call.name, result);
    // a layer that changes nothing gives its input as it lies: its readers may need a wider halo
    tensors.set(call.name, build.covered(result.output, halos.values.get(call.name)!));
  });

  const output = tensors.get(model.output)!;
  const counts: { key: string; from: number; length: number }[] = [];
  if (mode !== 'predict') {
    build.layer = loss.name;
    build.pass = 'loss';
    const labels = fixedAt('input', shared.input.fields.label.at);
    const scalar = (i: number) => fixedAt('contribution', shared.contribution.scalarsAt + 8 * i);
    const y = deferred === null && !options.fromLogits ? output : build.tensor(output.shape);
    const dOutput = mode === 'train' ? build.tensor(output.shape) : null;
    loss.emit({ build, output, labels, y, dOutput, sum: scalar(0) });
    let from = 1;
    for (const kind of countsOf(options.metrics.filter((m) => mode === 'evaluate' || m.everyStep))) {
      const length = kind.length(shared.metrics);
      kind.emit(build, shared.metrics, y, labels, scalar(from));
      counts.push({ key: kind.key, from, length });
      from += length;
    }
    if (dOutput) backwardPass({ build, options, tensors, emitted, halos: halos.gradients, dOutput, deferred });
    build.layer = 'sums';
    build.call('ladder_f64', { values: scalar(0) }, { count: from }, {});
  }

  const outputOperand = build.at(output);
  const { calls, arenaBytes, resolve } = build.finish();
  const flops = calls.reduce((sum, call) => sum + call.flops, 0);
  return { mode, calls, arenaBytes, output: { at: resolve(outputOperand), shape: output.shape }, counts, flops };
}

export function layerFor(model: Model, name: string): { kind: LayerKind<unknown>; config: unknown } {
  const { className, config } = model.layers[name]!;
  return { kind: layerOf(className), config };
}

/** Segments of a layer. Layer names may hold a slash; the last one of a path comes before the weight's. */
export const segmentsOfLayer = (segments: readonly Segment[], layer: string): readonly Segment[] =>
  segments.filter(({ path }) => path.slice(0, path.lastIndexOf('/')) === layer);

/** Whether a layer has parameters. */
export const hasWeights = (segments: readonly Segment[], layer: string): boolean =>
  segmentsOfLayer(segments, layer).some(({ state }) => !state);

export function segment(segments: readonly Segment[], layer: string, weight: string): Segment {
  return segments.find((s) => s.path === `${layer}/${weight}`)!;
}

/** The call whose activation the loss computes itself, if the model ends in it. */
function deferredCall(mode: Mode, { model, loss, fromLogits }: CompileOptions): string | null {
  if (mode === 'predict' || fromLogits || loss.activation === null) return null;
  return model.output;
}

/** The zeros that the readers of each value, and of each value's gradient, need around it. */
function halosOf({ model, shapes }: CompileOptions): {
  readonly values: ReadonlyMap<string, Halo>;
  readonly gradients: ReadonlyMap<string, Halo>;
} {
  const values = new Map<string, Halo>([[model.input.name, NO_HALO]]);
  const gradients = new Map<string, Halo>();
  for (const call of model.calls) {
    const { kind, config } = layerFor(model, call.layer);
    const inputs = call.inputs.map((name) => (name === model.input.name ? model.input.spec : shapes[name]!));
    values.set(call.name, NO_HALO);
    gradients.set(call.name, kind.gradientHalo?.(config, inputs[0]!) ?? NO_HALO);
    for (const [i, name] of call.inputs.entries()) {
      values.set(name, widest(values.get(name)!, kind.inputHalo?.(config, inputs[i]!) ?? NO_HALO));
    }
  }
  return { values, gradients };
}
