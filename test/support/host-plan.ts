// host-plan.ts: a whole batch through a model's plans on this thread, micro-shard by micro-shard, added in the tree. One
// micro-shard alone: trainer/host-runner.ts.
import { seedWords } from '../../base/random.ts';
import { countTiles } from '../../kernels/abi.ts';
import { loadKernels } from '../../kernels/load.ts';
import { f32 } from '../../trainer/codecs/f32.ts';
import { compact } from '../../trainer/contribution.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import { type LossName, lossNamed } from '../../trainer/losses/index.ts';
import type { LossKind } from '../../trainer/losses/kind.ts';
import type { Metric } from '../../trainer/metrics/kind.ts';
import { elements, type Model, type Segment } from '../../trainer/model.ts';
import { compile, type InputField, type Mode, type Program } from '../../trainer/plan.ts';
import type { PlanCall } from '../../trainer/plan-builder.ts';
import { reduceProgram } from '../../trainer/tree.ts';
import { segmentsOf } from '../../trainer/weights.ts';

export interface HostOptions {
  readonly model: Model;
  /** Keras' class name, or one that a user wrote. */
  readonly loss: LossName | LossKind;
  /** Its options. Default: Keras' defaults. */
  readonly lossConfig?: object | undefined;
  readonly fromLogits?: boolean;
  readonly metrics?: readonly Metric[];
  /** The most rows of one micro-shard. */
  readonly rows: number;
  /** Default: f32 values, taken as they are. */
  readonly input?: Omit<InputField, 'field'>;
  /** Calls behind which the training plan is cut (CompileOptions). */
  readonly cuts?: readonly string[];
  /** Keys the draws of dropout. Default 0. */
  readonly seed?: number;
}

export interface HostBatch {
  /** All weights, compact, in Keras' order: parameters, then state. */
  readonly parameters: Float32Array;
  /** Rows of all micro-shards, packed. */
  readonly images: Float32Array | Uint8Array;
  readonly labels: Int32Array | Float32Array;
  /** Rows of each micro-shard; those without any come last. */
  readonly shares: readonly number[];
  readonly step?: number;
}

export interface HostResult {
  /** Sum over the rows, undivided. */
  readonly loss: number;
  readonly counts: Readonly<Record<string, readonly number[]>>;
  /** Of `predict`: what the model gives, (rows, ...shape). Plans with a loss leave out the activation that it contains. */
  readonly output: Float32Array;
  /** Of `train`: sums over the rows, compact, in Keras' order: of gradients, then of moving statistics. */
  readonly gradients: Float32Array;
}

/** Runs some tiles of one call. */
export type RunCall = (call: PlanCall, from: number, to: number) => void;
/** Runs all calls of a plan: by default each whole, in order. */
export type Order = (calls: readonly PlanCall[], rows: number, runCall: RunCall) => void;

const inOrder: Order = (calls, rows, runCall) => {
  for (const call of calls) runCall(call, 0, countTiles(call.tiles, rows));
};

export interface Host {
  readonly program: Program;
  readonly segments: readonly Segment[];
  run(mode: Mode, batch: HostBatch, order?: Order): HostResult;
}

/** Calls that no barrier separates run last first, their tiles too, one by one. */
export const turned: Order = (calls, rows, runCall) => {
  for (let from = 0, to = 0; from < calls.length; from = to) {
    for (to = from + 1; to < calls.length && !calls[to]!.barrier; ) to++;
    for (const call of calls.slice(from, to).reverse())
      for (let tile = countTiles(call.tiles, rows); tile-- > 0; ) runCall(call, tile, tile + 1);
  }
};

export function programOf(options: HostOptions): { readonly program: Program; readonly segments: readonly Segment[] } {
  const { model, rows, fromLogits = false, metrics = [] } = options;
  const { weights: segments, shapes } = segmentsOf(model);
  const loss = typeof options.loss === 'string' ? lossNamed(options.loss, options.lossConfig) : options.loss;
  const { shape } = shapes[model.outputs[0]!]!;
  const bytes = 4 * elements(loss.labels === 'class' ? shape.slice(0, -1) : shape);
  const inputs = [{ field: 'image', ...(options.input ?? { dtype: 'f32', scale: [1], shift: [0] }) }];
  const outputs = [{ label: { field: 'label', bytes }, loss, fromLogits, weight: 1, metrics }];
  const { cuts = [] } = options;
  return { program: compile({ model, segments, shapes, rows, inputs, outputs, codec: f32, cuts }), segments };
}

export function createHost(options: HostOptions): Host {
  const { program, segments } = programOf(options);
  const { plans, contribution } = program;
  const runner = createHostRunner(program, segments, loadKernels(), seedWords(options.seed ?? 0));
  const { views, at } = runner;
  const input = views.u8.subarray(at.input, at.input + program.input.leafBytes);

  function run(mode: Mode, batch: HostBatch, order: Order = inOrder): HostResult {
    const { calls, counts, outputs: results, arenaBytes } = plans[mode];
    const output = results[0]!;
    runner.load(batch.parameters);
    const shares = batch.shares.filter((rows) => rows > 0);
    const width = 4 * elements(output.shape);
    const outputs: Uint8Array[] = [];
    let slot = 0;
    const leaves = shares.map((rows) => {
      views.u32.fill(0xffffffff, at.arena >> 2, (at.arena + arenaBytes) >> 2); // NaN: what a call reads that none has written shows
      fillInput(batch, slot, rows);
      runner.bind({ rows, slot, step: batch.step ?? 0 });
      order(calls, rows, runner.tiles);
      const from = at[output.at.space] + output.at.at;
      outputs.push(views.u8.slice(from, from + rows * width));
      const bytes = views.u8.slice(at.contribution, at.contribution + contribution.bytes);
      slot += rows;
      const gradients = new Float32Array(bytes.buffer, 0, contribution.scalarsAt / 4);
      return { gradients, scalars: new Float64Array(bytes.buffer, contribution.scalarsAt, contribution.scalars) };
    });
    const scalars = treeSum(leaves.map((leaf) => leaf.scalars));
    return {
      loss: scalars[0]!,
      counts: Object.fromEntries(counts.map(({ key, from, length }) => [key, [...scalars.slice(from, from + length)]])),
      output: new Float32Array(new Uint8Array(Buffer.concat(outputs)).buffer),
      gradients:
        mode === 'train'
          ? compact(contribution.segments, treeSum(leaves.map((leaf) => leaf.gradients)))
          : new Float32Array(0),
    };
  }

  function fillInput({ images, labels, shares }: HostBatch, first: number, rows: number): void {
    const { image, label } = program.input.fields as Record<'image' | 'label', (typeof program.input.fields)[string]>;
    const total = shares.reduce((a, b) => a + b, 0);
    input.fill(0xff);
    const put = (data: HostBatch['images'] | HostBatch['labels'], field: typeof image) => {
      if (data.byteLength !== total * field.rowBytes) throw new Error(`${data.byteLength} bytes for ${total} rows`);
      const from = data.byteOffset + first * field.rowBytes;
      input.set(new Uint8Array(data.buffer, from, rows * field.rowBytes), field.at);
    };
    put(images, image);
    put(labels, label);
  }

  return { program, segments, run };
}

/** The leaves' vectors added as the tree says, left + right, in their own precision. */
function treeSum<T extends Float32Array | Float64Array>(leaves: readonly T[]): T {
  const nodes = leaves.map((_, index) => ({ level: 0, index }));
  const stack: T[] = [];
  for (const entry of reduceProgram(nodes, leaves.length)) {
    const right = entry === '+' ? stack.pop()! : null;
    if (entry === '+') stack.push(stack.pop()!.map((value, i) => value + right![i]!) as T);
    else stack.push(leaves[entry]!);
  }
  return stack[0]!;
}
