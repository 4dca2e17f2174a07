// predict.ts: a snapshot's outputs for given samples, computed on this thread by the kernels that train. No pool, no dataset.
import { ShoalError } from '../base/errors.ts';
import { readerFromArrays } from '../datasets/from-arrays.ts';
import type { Dataset, Fields } from '../datasets/reader.ts';
import { BINDING, countTiles, type KernelEntry, SCRATCH_BYTES, SPACES, type Space } from '../kernels/abi.ts';
import { createArena } from '../kernels/arena.ts';
import { instantiate, loadKernels } from '../kernels/load.ts';
import { expand, memoryBytes } from './contribution.ts';
import { CALL_WORDS } from './control.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Job } from './job.ts';
import type { Snapshot } from './local-store.ts';
import { losses } from './losses/index.ts';
import { elements } from './model.ts';
import type { PlanCall } from './plan-builder.ts';
import { type Prepared, prepare } from './prepare.ts';
import { segmentsOf } from './weights.ts';

export interface PredictOptions {
  readonly job: Job;
  readonly snapshot: Snapshot;
  /** (n, ...input shape): bytes are pixels from 0 to 255, f32 is taken as it is; both are normalized as the job says. */
  readonly images: Uint8Array | Float32Array;
}

export interface Predictions {
  /** (n, ...output shape), after the last layer's activation. */
  readonly outputs: Float32Array;
  readonly shape: readonly number[];
}

/** @throws SHOAL_SHAPE unless the images are whole samples */
export async function predictSnapshot({ job, snapshot, images }: PredictOptions): Promise<Predictions> {
  const size = elements(job.model.input.spec.shape);
  const n = images.length / size;
  if (!Number.isInteger(n) || n === 0) {
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation: `predict with "${job.name}"`,
      got: `${images.length} values`,
      expected: `a multiple of ${size}, the values of one sample`,
      hint: `Samples have the shape (${job.model.input.spec.shape.join(', ')}).`,
    });
  }
  const prepared = prepare(job, emptyDataset(job, images), { threads: 1 });
  const { shape } = prepared.program.plans.predict.output;
  const compute = createHost(prepared, snapshot);
  const outputs = new Float32Array(n * elements(shape));
  const { rows } = prepared.program;
  for (let from = 0; from < n; from += rows) {
    const count = Math.min(rows, n - from);
    outputs.set(compute(images.subarray(from * size, (from + count) * size), count), from * elements(shape));
  }
  return { outputs, shape: [n, ...shape] };
}

/** What a job's plan wants to know of its data, without any: one sample of zeros. */
function emptyDataset(job: Job, images: Uint8Array | Float32Array): Dataset {
  const { shape } = job.model.input.spec;
  const output = segmentsOf(job.model).shapes[job.model.output]!.shape;
  const classes = losses[job.loss.class_name].labels === 'class';
  const fields: Fields = {
    image: { shape, dtype: images instanceof Uint8Array ? 'u8' : 'f32' },
    label: classes ? { shape: [], dtype: 'i32' } : { shape: output, dtype: 'f32' },
  };
  const length = elements(shape);
  const image = images instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  const label = classes ? new Int32Array(1) : new Float32Array(elements(output));
  const reader = readerFromArrays({ fields, data: { image, label }, classes: null });
  return { train: reader, test: reader };
}

/** The plan for predictions in a memory of its own: a function from at most program.rows samples to their outputs. */
function createHost({ program, segments }: Prepared, snapshot: Snapshot) {
  const { calls, arenaBytes, output } = program.plans.predict;
  const kernels = loadKernels();
  const sizes: Partial<Record<Space, number>> = {
    arena: arenaBytes,
    parameters: memoryBytes(segments),
    packed: program.packedBytes,
    tables: program.tables.bytes,
    input: program.input.leafBytes,
    scratch: SCRATCH_BYTES,
  };
  const total = Object.values(sizes).reduce((sum, bytes) => sum + bytes + 1024, 4096);
  const arena = createArena(total + encodedBytes(calls) + encodedBytes(program.packs));
  const { views } = arena;
  const bindings = arena.take(4 * BINDING.words);
  const at = Object.fromEntries(Object.entries(sizes).map(([space, bytes]) => [space, arena.take(bytes)]));
  for (const [space, base] of Object.entries(at)) views.u32[(bindings >>> 2) + SPACES.indexOf(space as Space)] = base;
  for (const table of program.tables.entries) views.u8.set(table.data, at['tables']! + table.at);
  const parameters = at['parameters']! >>> 2;
  expand(segments, snapshot.parameters, views.f32.subarray(parameters, parameters + (memoryBytes(segments) >>> 2)));

  const instance = instantiate(kernels, arena.memory);
  const encode = (list: readonly PlanCall[]) => {
    const { address } = encodeCalls(arena, list);
    return (rows: number): void => {
      views.u32[(bindings >>> 2) + BINDING.rows] = rows;
      for (const [i, call] of list.entries()) {
        const descriptor = views.u32[(address >>> 2) + CALL_WORDS * i + 1]!;
        const kernel = instance[call.arguments.kernel] as KernelEntry;
        kernel(descriptor, bindings, 0, countTiles(call.tiles, rows));
      }
    };
  };
  const run = encode(calls);
  encode(program.packs)(0);
  const from = (at[output.at.space]! + output.at.at) >>> 2;
  return (images: Uint8Array | Float32Array, rows: number): Float32Array => {
    const bytes = new Uint8Array(images.buffer, images.byteOffset, images.byteLength);
    views.u8.set(bytes, at['input']! + program.input.fields.image.at);
    run(rows);
    return views.f32.slice(from, from + rows * elements(output.shape));
  };
}
