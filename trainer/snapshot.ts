// snapshot.ts: everything that a step changes, and the same as named tensors, for checkpoints and exported models, and back. Not their files.
import type { Evaluated } from './callbacks/kind.ts';
import type { CheckpointPart } from './checkpoint.ts';
import { type Checkpoint, restoreTensors } from './checkpoint-read.ts';
import type { CheckpointSegment } from './checkpoint-write.ts';
import { lengthOf, movingPart, trainedOf } from './contribution.ts';
import { countedIn } from './counted.ts';
import { evaluationsOf } from './decisions.ts';
import { initializeWeights, type Weights } from './initialize.ts';
import type { Job } from './job.ts';
import type { Model, Segment } from './model.ts';
import type { StepTotals } from './narrator.ts';
import { optimizerOf } from './optimizers/index.ts';
import { slotsOf } from './optimizers/kind.ts';
import { type NamedWeight, orderWeights } from './order-weights.ts';
import { segmentsOf } from './weights.ts';

/** The weights behind so many steps. */
export interface WeightsAt extends Weights {
  readonly version: number;
}

/** Everything that a step changes, in compact form: what a checkpoint holds and hashes are taken of. */
export interface Snapshot extends WeightsAt {
  /** The optimizer's, each as long as the parameters that are not frozen. */
  readonly slots: Readonly<Record<string, Float32Array>>;
  /** What a resumed run has measured before: its callbacks go on from there. Default: nothing. */
  readonly evaluations?: readonly Evaluated[];
  /** What the steps of its epoch have counted, as one. Default: nothing. */
  readonly counted?: readonly StepTotals[];
  /** The weights of the best evaluation before it, where callbacks may bring them back. Default: none. */
  readonly best?: WeightsAt;
}

/** All numbers of a version. */
export const numbersOf = ({ parameters, state, slots }: Snapshot): readonly Float32Array[] => [
  parameters,
  state,
  ...Object.values(slots),
];

/** Whether no number is NaN or infinite: a version with one that is must never become a checkpoint. */
export function allFinite(vectors: readonly Float32Array[]): boolean {
  for (const vector of vectors) for (let i = 0; i < vector.length; i++) if (!Number.isFinite(vector[i]!)) return false;
  return true;
}

/** Views of a flat, compact vector, one a tensor. */
const views = (segments: readonly Segment[], flat: Float32Array, prefix = ''): CheckpointSegment[] =>
  segments.map(({ path, shape, length, flat: at }) => ({
    path: `${prefix}${path}`,
    shape,
    data: flat.subarray(at, at + length),
  }));

type Parts = Readonly<Record<CheckpointPart, { readonly segments: readonly CheckpointSegment[] }>>;

/** The tensors of a checkpoint; nothing is copied. Those of the optimizer are named by slot: "momentum/conv2d/kernel". */
export function snapshotTensors(model: Model, { parameters, state, slots }: Snapshot): Parts {
  const segments = segmentsOf(model);
  const trained = trainedOf(segments.parameters);
  const optimizer = Object.entries(slots).flatMap(([slot, flat]) => views(trained, flat, `${slot}/`));
  return {
    parameters: { segments: views(segments.parameters, parameters) },
    state: { segments: views(segments.state, state) },
    optimizer: { segments: optimizer },
  };
}

/** The model's weights by name, in Keras' order: moving statistics among the rest of their layer. Nothing is copied. */
export function snapshotWeights(model: Model, snapshot: Weights): NamedWeight[] {
  const { parameters, state } = segmentsOf(model);
  const all = [...views(parameters, snapshot.parameters), ...views(state, snapshot.state)];
  const named = all.map(({ path, shape, data }) => ({ name: path, shape, data }));
  return orderWeights(model, named, { code: 'SHOAL_EXPORT_WEIGHTS', operation: 'name the weights of a model' });
}

/** The flat, compact vectors of weights given in any order; all of the model's must be among them. */
export function flatWeights(model: Model, weights: readonly NamedWeight[]): Weights {
  const { parameters, state } = segmentsOf(model);
  const byName = new Map(weights.map(({ name, data }) => [name, data]));
  const vector = (segments: readonly Segment[]): Float32Array => {
    const flat = new Float32Array(lengthOf(segments));
    for (const { path, flat: at } of segments) flat.set(byName.get(path)!, at);
    return flat;
  };
  return { parameters: vector(parameters), state: vector(state) };
}

/** A snapshot with given weights, before the first step: what an optimizer keeps begins as it says. */
export function freshSnapshot(job: Job, { parameters, state }: Weights): Snapshot {
  const kept = slotsOf(optimizerOf(job.optimizer.class_name), job.optimizer.config);
  const all = segmentsOf(job.model).parameters;
  const trained = lengthOf(trainedOf(all));
  const slots = Object.fromEntries(
    kept.map(({ name, initial = 0 }) => [
      name,
      initial === 'weights' ? movingPart(all, parameters) : new Float32Array(trained).fill(initial),
    ]),
  );
  return { version: 0, parameters, state, slots };
}

/**
 * A snapshot before the first step, with given weights where there are such, else with the values that the seed gives.
 * @throws SHOAL_WEIGHTS for a weight that the model has not, or of another shape
 */
export function startingSnapshot(job: Job, weights: readonly NamedWeight[]): Snapshot {
  const first = firstSnapshot(job);
  const given = new Map(weights.map((weight) => [weight.name, weight]));
  const names = new Set(snapshotWeights(job.model, first).map(({ name }) => name));
  const own = snapshotWeights(job.model, first).map((weight) => given.get(weight.name) ?? weight);
  const unknown = weights.filter(({ name }) => !names.has(name));
  const problem = { code: 'SHOAL_WEIGHTS', operation: `begin "${job.name}" with given weights` } as const;
  return freshSnapshot(job, flatWeights(job.model, orderWeights(job.model, [...own, ...unknown], problem)));
}

/** The state of a job before its first step: the values that its seed gives. */
export const firstSnapshot = (job: Job): Snapshot => freshSnapshot(job, initializeWeights(job.model, job.seed));

/**
 * What a checkpoint holds, for this job.
 * @throws SHOAL_CHECKPOINT_MISMATCH unless its tensors are those of the job's model and optimizer
 */
export function restoreSnapshot(job: Job, { manifest, tensors }: Checkpoint): Snapshot {
  const { counts } = segmentsOf(job.model);
  const zeros = {
    parameters: new Float32Array(counts.parameters),
    state: new Float32Array(counts.state),
  };
  const empty = { ...freshSnapshot(job, zeros), version: manifest.step };
  const into = snapshotTensors(job.model, empty);
  restoreTensors(tensors.parameters, into.parameters.segments);
  restoreTensors(tensors.state, into.state.segments);
  restoreTensors(tensors.optimizer, into.optimizer.segments);
  const evaluations = evaluationsOf(manifest.extra);
  const counted = countedIn(job, manifest.extra);
  return {
    ...empty,
    ...(counted.length > 0 && { counted }),
    ...(evaluations.length > 0 && { evaluations }),
  };
}
