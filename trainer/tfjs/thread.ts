// thread.ts: the thread of a tfjs executor, as a Piscina task: one device batch after another. tfjs-node computes on the thread that calls
// it, so whoever answers sockets must be another one. It decides nothing.
import { workerData } from 'node:worker_threads';
import { type Problem, toWire } from '../../base/errors.ts';
import { importLayers } from '../layers/import-layers.ts';
import { type Backend, type BackendName, backends } from './backends.ts';
import type { DeviceBundles } from './device-batches.ts';
import type { LossProgram } from './loss-program.ts';
import { createLossRunner } from './losses.ts';
import { createNetwork, type NetworkOptions, type Uploaded } from './network.ts';

/** What the thread is started with. */
export interface TfjsSetup extends NetworkOptions {
  readonly backend: BackendName;
  readonly losses: LossProgram;
  /** Of the job's batches: where each field's rows lie inside a bundle. */
  readonly fields: Readonly<Record<string, { readonly at: number; readonly rowBytes: number }>>;
  readonly leafBytes: number;
  readonly scalarsAt: number;
  /** That register losses. */
  readonly modules: readonly string[];
}

export interface TfjsTask {
  readonly mode: 'train' | 'evaluate';
  readonly step: number;
  /** Of the parameters: a version that is loaded is not loaded again. */
  readonly version: number;
  readonly parameters: Uint8Array;
  readonly batch: Uint8Array;
  readonly batches: readonly DeviceBundles[];
  /** Receives the sums. */
  readonly contribution: Uint8Array;
}

/** Tensors that live on the device, when a task is done; or what went wrong. */
export type TfjsAnswer = { readonly tensors: number } | { readonly problem: Problem };

const setup = workerData as TfjsSetup;
const backend: Backend = backends[setup.backend];

async function open() {
  await importLayers(setup.modules);
  const tf = await backend.load();
  return { tf, network: createNetwork(tf, setup), losses: createLossRunner(setup.losses, setup.seed) };
}
let opened: ReturnType<typeof open> | null = null;
let loaded = -1;

/** The rows of some bundles, which lie apart in a batch, side by side. */
function gather({ batch }: TfjsTask, { first, rows, bundles }: DeviceBundles, field: string): Uint8Array {
  const { at, rowBytes } = setup.fields[field]!;
  const into = new Uint8Array(rows * rowBytes);
  let to = 0;
  bundles.forEach((rows, i) => {
    const from = (first + i) * setup.leafBytes + at;
    into.set(batch.subarray(from, from + rows * rowBytes), to);
    to += rows * rowBytes;
  });
  return into;
}

const VIEWS = {
  u8: (bytes: Uint8Array) => bytes,
  f32: (bytes: Uint8Array) => new Float32Array(bytes.buffer, 0, bytes.length / 4),
  i32: (bytes: Uint8Array) => new Int32Array(bytes.buffer, 0, bytes.length / 4),
} as const;

async function compute(task: TfjsTask): Promise<TfjsAnswer> {
  opened ??= open();
  const { tf, network, losses } = await opened;
  const { mode, step, parameters, contribution } = task;
  if (task.version !== loaded) {
    const weights = new Float32Array(parameters.buffer, parameters.byteOffset, parameters.length / 4);
    network.load(weights);
    losses.load(weights);
    loaded = task.version;
  }
  const { buffer, byteOffset } = contribution;
  const sums = new Float32Array(buffer, byteOffset, setup.scalarsAt / 4);
  const scalars = new Float64Array(buffer, byteOffset + setup.scalarsAt, setup.losses.scalars[mode]);
  contribution.fill(0, setup.scalarsAt);
  const upload = (side: DeviceBundles): Uploaded =>
    network.upload(
      side.rows,
      setup.inputs.map(({ field, dtype }) => VIEWS[dtype](gather(task, side, field))),
    );
  let next: Uploaded | null = null;
  for (const [i, side] of task.batches.entries()) {
    const { rows, slot, leafEnds } = side;
    const labels = Object.fromEntries(setup.losses.labels.map(({ field }) => [field, gather(task, side, field)]));
    const given = { mode, rows, slot, step };
    const inputs: Uploaded = next ?? upload(side);
    await network.run(
      { ...given, leafEnds, inputs },
      {
        losses: (outputs) => losses.run({ ...given, labels }, outputs, scalars),
        sums,
        adds: i > 0,
        meanwhile() {
          const after = task.batches[i + 1];
          next = after ? upload(after) : null;
        },
      },
    );
  }
  backend.check?.();
  return { tensors: tf.memory().numTensors };
}

export async function task(given: TfjsTask): Promise<TfjsAnswer> {
  try {
    return await compute(given);
  } catch (error) {
    return { problem: toWire(error) };
  }
}
