// host-plan.ts: runs the plans of a program on this thread, in a memory of its own, micro-shard by micro-shard. No pool, no store.
import { seedWords } from '../../base/random.ts';
import { BINDING, countTiles, type KernelEntry, SCRATCH_BYTES, SPACES, type Space } from '../../kernels/abi.ts';
import { createArena } from '../../kernels/arena.ts';
import { instantiate, type KernelModule, loadKernels } from '../../kernels/load.ts';
import { compact, expand, memoryBytes } from '../../trainer/contribution.ts';
import { CALL_WORDS } from '../../trainer/control.ts';
import { encodeCalls, encodedBytes } from '../../trainer/encode.ts';
import { type LossName, losses } from '../../trainer/losses/index.ts';
import type { Metric } from '../../trainer/metrics/kind.ts';
import { elements, type Model, type Segment } from '../../trainer/model.ts';
import { compile, type InputSpec, type Mode, type Program } from '../../trainer/plan.ts';
import type { PlanCall } from '../../trainer/plan-builder.ts';
import { ladder, reduceProgram } from '../../trainer/tree.ts';
import { segmentsOf } from '../../trainer/weights.ts';

export interface HostOptions {
  readonly model: Model;
  /** Keras' class name. */
  readonly loss: LossName;
  readonly fromLogits?: boolean;
  readonly metrics?: readonly Metric[];
  /** The most rows of one micro-shard. */
  readonly rows: number;
  /** Default: f32 values, taken as they are. */
  readonly input?: Pick<InputSpec, 'dtype' | 'scale' | 'shift'>;
  readonly kernels?: KernelModule;
}

export interface HostBatch {
  /** Compact, in Keras' order. */
  readonly parameters: Float32Array;
  /** Rows of all micro-shards, packed. */
  readonly images: Float32Array | Uint8Array;
  readonly labels: Int32Array | Float32Array;
  /** Rows of each micro-shard; those without any come last. */
  readonly shares: readonly number[];
  readonly seed?: number;
  readonly step?: number;
}

export interface HostResult {
  /** Sum over the rows, undivided. */
  readonly loss: number;
  readonly counts: Readonly<Record<string, readonly number[]>>;
  /** Of `predict`: what the model gives, (rows, ...shape). Plans with a loss leave out the activation that it contains. */
  readonly output: Float32Array;
  /** Of `train`: sums over the rows, compact, in Keras' order. */
  readonly gradients: Float32Array;
}

/** straight: calls as planned. turned: calls that no barrier separates run last first, their tiles too, one by one. */
export type Order = 'straight' | 'turned';

export interface Host {
  readonly program: Program;
  readonly segments: readonly Segment[];
  run(mode: Mode, batch: HostBatch, order?: Order): HostResult;
}

const module = loadKernels();

export function programOf(options: HostOptions): { readonly program: Program; readonly segments: readonly Segment[] } {
  const { model, rows, fromLogits = false, metrics = [] } = options;
  const { parameters: segments, shapes } = segmentsOf(model);
  const loss = losses[options.loss];
  const labelBytes = loss.labels === 'class' ? 4 : 4 * elements(shapes[model.output]!.shape);
  const { dtype, scale, shift } = options.input ?? { dtype: 'f32', scale: [1], shift: [0] };
  const input = { dtype, scale, shift, labelBytes };
  return { program: compile({ model, segments, shapes, rows, loss, fromLogits, metrics, input }), segments };
}

export function createHost(options: HostOptions): Host {
  const { program, segments } = programOf(options);
  const lists = [program.packs, ...Object.values(program.plans).map((plan) => plan.calls)];
  const sizes: Partial<Record<Space, number>> = {
    arena: Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes)),
    parameters: memoryBytes(segments),
    packed: program.packedBytes,
    tables: program.tables.bytes,
    input: program.input.leafBytes,
    scratch: SCRATCH_BYTES,
  };
  const slots = 8;
  const fixed = Object.values(sizes).reduce((sum, bytes) => sum + bytes + 1024, 4096);
  const calls = lists.reduce((sum, list) => sum + encodedBytes(list) + 1024, 0);
  const arena = createArena(fixed + calls + slots * (program.contribution.bytes + 1024));
  const { views } = arena;
  const at = Object.fromEntries(Object.entries(sizes).map(([space, bytes]) => [space, arena.take(bytes)]));
  const contributions = Array.from({ length: slots }, () => arena.take(program.contribution.bytes));
  const bindings = arena.take(4 * BINDING.words);
  const word = bindings >>> 2;
  for (const [space, base] of Object.entries(at)) views.u32[word + SPACES.indexOf(space as Space)] = base;
  for (const table of program.tables.entries) views.u8.set(table.data, at['tables']! + table.at);
  const kernels = instantiate(options.kernels ?? module, arena.memory);
  const encoded = new Map(lists.map((list) => [list, encodeCalls(arena, list).address]));

  function runCalls(list: readonly PlanCall[], rows: number, order: Order): void {
    const address = encoded.get(list)!;
    const call = (i: number) => {
      const descriptor = views.u32[(address >>> 2) + CALL_WORDS * i + 1]!;
      const kernel = kernels[list[i]!.arguments.kernel] as KernelEntry;
      const tiles = countTiles(list[i]!.tiles, rows);
      if (order === 'straight') kernel(descriptor, bindings, 0, tiles);
      else for (let tile = tiles - 1; tile >= 0; tile--) kernel(descriptor, bindings, tile, tile + 1);
    };
    for (let from = 0, to = 0; from < list.length; from = to) {
      for (to = from + 1; to < list.length && !list[to]!.barrier; ) to++;
      const group = Array.from({ length: to - from }, (_, i) => from + i);
      for (const i of order === 'straight' ? group : group.reverse()) call(i);
    }
  }

  /** Everything that a leaf writes holds NaN before it: what it reads without having written it shows. */
  const spoil = (space: Space) => views.u8.fill(0xff, at[space]!, at[space]! + sizes[space]!);

  function run(mode: Mode, batch: HostBatch, order: Order = 'straight'): HostResult {
    const { plans, contribution } = program;
    const { calls, counts, output } = plans[mode];
    expand(segments, batch.parameters, views.f32.subarray(at['parameters']! >>> 2));
    [views.u32[word + BINDING.seedLow], views.u32[word + BINDING.seedHigh]] = seedWords(batch.seed ?? 0);
    views.u32[word + BINDING.step] = batch.step ?? 0;
    spoil('packed');
    for (const base of contributions) views.u8.fill(0xff, base, base + contribution.bytes);
    runCalls(program.packs, 0, order);

    const shares = batch.shares.filter((rows) => rows > 0);
    const { steps, parts } = ladder(0, shares.length);
    const width = elements(output.shape);
    const outputs = new Float32Array(width * shares.reduce((a, b) => a + b, 0));
    let first = 0;
    for (const { leaf, slot, siblings } of steps) {
      const rows = shares[leaf]!;
      spoil('arena');
      spoil('input');
      fillInput(batch, first, rows);
      views.u32[word + BINDING.rows] = rows;
      views.u32[word + BINDING.slot] = first;
      views.u32[word + SPACES.indexOf('contribution')] = contributions[slot]!;
      views.u32[word + BINDING.ladderCount] = siblings.length;
      siblings.forEach((sibling, i) => {
        views.u32[word + BINDING.ladder + i] = contributions[sibling]!;
      });
      runCalls(calls, rows, order);
      const from = (at[output.at.space]! + output.at.at) >>> 2;
      outputs.set(views.f32.subarray(from, from + rows * width), first * width);
      first += rows;
    }

    const tree = reduceProgram(
      parts.map((part) => part.node),
      shares.length,
    );
    const partials = parts.map(({ slot }) => {
      const scalarsAt = (contributions[slot]! + contribution.scalarsAt) >>> 3;
      const gradients = views.f32.subarray(contributions[slot]! >>> 2);
      return { scalars: views.f64.slice(scalarsAt, scalarsAt + contribution.scalars), gradients };
    });
    const sum = (of: 'scalars' | 'gradients', length: number): number[] =>
      Array.from({ length }, (_, i) => {
        const stack: number[] = [];
        for (const entry of tree) {
          if (entry !== '+') stack.push(partials[entry]![of][i]!);
          else stack.push(stack.pop()! + stack.pop()!);
        }
        return stack[0]!;
      });
    const scalars = sum('scalars', contribution.scalars);
    const trains = mode === 'train';
    const vector = Float32Array.from(trains ? sum('gradients', memoryBytes(segments) >>> 2) : []);
    return {
      loss: scalars[0]!,
      counts: Object.fromEntries(counts.map(({ key, from, length }) => [key, scalars.slice(from, from + length)])),
      output: outputs,
      gradients: trains ? compact(segments, vector) : vector,
    };
  }

  function fillInput({ images, labels, shares }: HostBatch, first: number, rows: number): void {
    const { image, label } = program.input.fields;
    const total = shares.reduce((a, b) => a + b, 0);
    const put = (data: HostBatch['images'] | HostBatch['labels'], field: typeof image) => {
      if (data.byteLength !== total * field.rowBytes) throw new Error(`${data.byteLength} bytes for ${total} rows`);
      const from = data.byteOffset + first * field.rowBytes;
      views.u8.set(new Uint8Array(data.buffer, from, rows * field.rowBytes), at['input']! + field.at);
    };
    put(images, image);
    put(labels, label);
  }

  return { program, segments, run };
}
