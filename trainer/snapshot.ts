// snapshot.ts: a snapshot as named tensors, for checkpoints and exported models, and back. Not their files.
import type { CheckpointPart } from './checkpoint.ts';
import { type Checkpoint, restoreTensors } from './checkpoint-read.ts';
import type { CheckpointSegment } from './checkpoint-write.ts';
import { initializeParameters } from './initialize.ts';
import type { Job } from './job.ts';
import type { Snapshot } from './local-store.ts';
import type { Model, Segment } from './model.ts';
import { optimizerOf } from './optimizers/index.ts';
import type { NamedWeight } from './order-weights.ts';
import { segmentsOf } from './weights.ts';

/** Views of a flat, compact vector, one a tensor. */
const views = (segments: readonly Segment[], flat: Float32Array, prefix = ''): CheckpointSegment[] =>
  segments.map(({ path, shape, length, flat: at }) => ({
    path: `${prefix}${path}`,
    shape,
    data: flat.subarray(at, at + length),
  }));

type Parts = Readonly<Record<CheckpointPart, { readonly segments: readonly CheckpointSegment[] }>>;

/** The tensors of a checkpoint; nothing is copied. Those of the optimizer are named by slot: "momentum/conv2d/kernel". */
export function snapshotTensors(model: Model, { parameters, slots }: Snapshot): Parts {
  const { parameters: segments } = segmentsOf(model);
  return {
    parameters: { segments: views(segments, parameters) },
    state: { segments: [] },
    optimizer: { segments: Object.entries(slots).flatMap(([slot, flat]) => views(segments, flat, `${slot}/`)) },
  };
}

/** The model's weights by name; nothing is copied. */
export const snapshotWeights = (model: Model, { parameters }: Snapshot): NamedWeight[] =>
  views(segmentsOf(model).parameters, parameters).map(({ path, shape, data }) => ({ name: path, shape, data }));

/** The flat, compact vector of weights given in any order; all of the model's parameters must be among them. */
export function flatParameters(model: Model, weights: readonly NamedWeight[]): Float32Array {
  const { parameters, counts } = segmentsOf(model);
  const byName = new Map(weights.map(({ name, data }) => [name, data]));
  const flat = new Float32Array(counts.parameters.flat);
  for (const { path, flat: at } of parameters) flat.set(byName.get(path)!, at);
  return flat;
}

/** A snapshot with given parameters, before the first step: all that an optimizer keeps begins at zero. */
export function freshSnapshot(job: Job, parameters: Float32Array): Snapshot {
  const names = optimizerOf(job.optimizer.class_name).slots(job.optimizer.config);
  const slots = Object.fromEntries(names.map((name) => [name, new Float32Array(parameters.length)]));
  return { version: 0, parameters, slots };
}

/** The state of a job before its first step: the values that its seed gives. */
export const firstSnapshot = (job: Job): Snapshot => freshSnapshot(job, initializeParameters(job.model, job.seed));

/**
 * What a checkpoint holds, for this job.
 * @throws SHOAL_CHECKPOINT_MISMATCH unless its tensors are those of the job's model and optimizer
 */
export function restoreSnapshot(job: Job, { manifest, tensors }: Checkpoint): Snapshot {
  const { counts } = segmentsOf(job.model);
  const empty = { ...freshSnapshot(job, new Float32Array(counts.parameters.flat)), version: manifest.step };
  const into = snapshotTensors(job.model, empty);
  restoreTensors(tensors.parameters, into.parameters.segments);
  restoreTensors(tensors.state, into.state.segments);
  restoreTensors(tensors.optimizer, into.optimizer.segments);
  return empty;
}
