// reference.ts: the reference micro-shard: made-up samples at made-up parameters. Processors and engines that give the same bits
// here may train together; those whose sums are near, where the job states a tolerance. Not the gate (membership.ts).
import { draws, seedWords, unit } from '../base/random.ts';
import type { KernelModule } from '../kernels/load.ts';
import { compact, expand, memoryBytes, parametersOf } from '../trainer/contribution.ts';
import type { Executor, Pinned } from '../trainer/executor.ts';
import { createHostRunner } from '../trainer/host-runner.ts';
import { initializeWeights, joined } from '../trainer/initialize.ts';
import type { Job } from '../trainer/job.ts';
import type { Segment } from '../trainer/model.ts';
import type { Prepared } from '../trainer/prepare.ts';
import { startSha256 } from '../trainer/sha256.ts';
import { sharesOf } from '../trainer/tree.ts';
import type { Work } from '../trainer/work.ts';
import { sketchOf } from './sketch.ts';

export interface Reference {
  /** sha256 of the contribution. */
  readonly reference: string;
  /** Of its gradients, then of what moving statistics are made of; empty where the job states no tolerance. */
  readonly sketch: readonly number[];
}

/** Our kernels', computed on the calling thread. */
export function ownReference(job: Job, prepared: Prepared, kernels: KernelModule): Reference {
  const { program, segments } = prepared;
  const runner = createHostRunner(program, segments, kernels, seedWords(job.seed));
  const { views, at } = runner;
  const { rows, input, contribution } = program;
  fill(prepared, views.u8.subarray(at.input, at.input + input.leafBytes));
  runner.load(parametersFor(job, segments));
  runner.run('train', { rows });
  return referenceOf(job, prepared, views.u8.slice(at.contribution, at.contribution + contribution.bytes));
}

/** An executor's. @throws what computing throws */
export async function referenceBy(executor: Executor, job: Job, prepared: Prepared): Promise<Reference> {
  const { program, segments } = prepared;
  const batch = new Uint8Array(new SharedArrayBuffer(program.input.leafBytes));
  fill(prepared, batch);
  const values = new Float32Array(new SharedArrayBuffer(memoryBytes(segments)));
  expand(segments, parametersFor(job, segments), values);
  const parameters: Pinned = {
    version: 0, // those of servers are counted from 1 (socket-store.ts)
    bytes: new Uint8Array(values.buffer),
    ready: Promise.resolve(),
    release() {},
  };
  const node = { level: 0, index: 0 };
  const shares = sharesOf(job.batch, job.microShards);
  const work: Work = { kind: 'gradient', step: 0, epoch: 0, node, version: 0, shares };
  const never = new AbortController().signal;
  const { parts, ready } = await executor.compute(work, { bytes: batch, release() {} }, parameters, never);
  await ready;
  return referenceOf(job, prepared, parts[0]!.bytes.slice());
}

/**
 * The seed's first parameters, but for those of normalisation: what it gives then lies between 1 and 5, where rectifiers have no kinks. At these
 * a deep network that is just drawn makes 1e-1 of what f32 rounds (ResNet-50), and engines could not be told from wrong ones.
 */
function parametersFor(job: Job, segments: readonly Segment[]): Float32Array {
  const weights = joined(initializeWeights(job.model, job.seed));
  for (const { path, flat, length } of segments) {
    if (path.endsWith('/gamma')) weights.fill(0.5, flat, flat + length);
    if (path.endsWith('/beta')) weights.fill(3, flat, flat + length);
  }
  return weights;
}

function referenceOf(job: Job, { program: { contribution } }: Prepared, bytes: Uint8Array): Reference {
  const hash = startSha256();
  hash.update(bytes);
  const reference = hash.hex();
  if (job.tolerance === null) return { reference, sketch: [] };
  const { segments } = contribution;
  const sums = compact(segments, new Float32Array(bytes.buffer, 0, contribution.scalarsAt / 4));
  const length = parametersOf(segments).reduce((sum, segment) => sum + segment.length, 0);
  return { reference, sketch: [...sketchOf(sums.subarray(0, length)), ...sketchOf(sums.subarray(length))] };
}

/** Makes up the samples of one micro-shard: pixels and floats at random, tokens 0 and 1, labels in turn. */
function fill({ program: { rows, input, options, outputs } }: Prepared, bytes: Uint8Array): void {
  const random = draws([1, 0], 0, 0, 0);
  const dtypes = new Map(options.inputs.map(({ field, dtype }) => [field, dtype]));
  const labels = new Map(options.outputs.map(({ label }, i) => [label.field, outputs[i]!.context]));
  for (const [field, { at, rowBytes }] of Object.entries(input.fields)) {
    const label = labels.get(field);
    const dtype = label ? (label.labels === 'class' ? 'i32' : 'f32') : (dtypes.get(field) ?? 'f32');
    const values = new ARRAYS[dtype](
      bytes.buffer,
      bytes.byteOffset + at,
      (rows * rowBytes) / ARRAYS[dtype].BYTES_PER_ELEMENT,
    );
    for (let i = 0; i < values.length; i++)
      values[i] = label ? i % (label.labels === 'class' ? label.classes : 2) : MADE_UP[dtype](random(i));
  }
}

const ARRAYS = {
  u8: Uint8Array<ArrayBufferLike>,
  f32: Float32Array<ArrayBufferLike>,
  i32: Int32Array<ArrayBufferLike>,
} as const;
const MADE_UP = { u8: (draw: number) => draw & 255, f32: unit, i32: (draw: number) => draw & 1 } as const;
