// contribution.ts: the layout of what a micro-shard, or a whole node of the tree, yields: sums, nothing divided. Not the adding.
//
//   gradients f32, each tensor that is not frozen at 64 bytes, as the weights; of a moving statistic: its sum over the rows
//   | scalars f64: loss, then the counts of each metric
import { alignUp } from '../kernels/arena.ts';
import type { Segment } from './model.ts';
import type { Node } from './tree.ts';

export interface ContributionLayout {
  /** Those that are not frozen. */
  readonly segments: readonly Segment[];
  /** Byte offset of the f64 scalars. */
  readonly scalarsAt: number;
  /** The most scalars that any plan of the job writes. */
  readonly scalars: number;
  readonly bytes: number;
}

export function contributionLayout(weights: readonly Segment[], scalars: number): ContributionLayout {
  const segments = movingOf(weights);
  const scalarsAt = memoryBytes(segments);
  return { segments, scalarsAt, scalars, bytes: alignUp(scalarsAt + 8 * scalars) };
}

/** Bytes of a vector in memory, where each tensor starts at 64 bytes. */
export function memoryBytes(segments: readonly Segment[]): number {
  return alignUp(Math.max(64, ...segments.map(({ at, length }) => 4 * (at + length))));
}

/** Views of a vector's tensors in its form in memory. */
export const tensorsOf = (segments: readonly Segment[], memory: Float32Array): Float32Array[] =>
  segments.map(({ at, length }) => memory.subarray(at, at + length));

/** Copies a vector between its compact form (files, hashes, wire) and its form in memory. */
export function compact(segments: readonly Segment[], memory: Float32Array): Float32Array {
  const flat = new Float32Array(lengthOf(segments));
  for (const [i, tensor] of tensorsOf(segments, memory).entries()) flat.set(tensor, segments[i]!.flat);
  return flat;
}

export function expand(segments: readonly Segment[], flat: Float32Array, memory: Float32Array): void {
  for (const s of segments) memory.set(flat.subarray(s.flat, s.flat + s.length), s.at);
}

/** Elements of a vector in its compact form. */
export function lengthOf(segments: readonly Segment[]): number {
  const last = segments.at(-1);
  return last ? last.flat + last.length : 0;
}

/** The parameters among the tensors of a vector: they come first. */
export const parametersOf = (segments: readonly Segment[]): readonly Segment[] => segments.filter((s) => !s.state);

/** What steps change, as a compact vector of its own: the tensors that are not frozen. In memory they come first. */
export function movingOf(segments: readonly Segment[]): readonly Segment[] {
  let flat = 0;
  return segments
    .filter((segment) => !segment.frozen)
    .map((segment) => {
      const moving = { ...segment, flat };
      flat += segment.length;
      return moving;
    });
}

/** What a step changes: all else is the same from the start. */
export const changingOf = (segments: readonly Segment[]): readonly Segment[] =>
  movingOf(segments).filter((segment) => !segment.resting);

/** Those whose penalty is part of the loss. */
export const penalizedOf = (segments: readonly Segment[]): readonly Segment[] =>
  changingOf(segments).filter(({ penalty }) => penalty);

/** Of all weights, compact, the part that moves. */
export function movingPart(segments: readonly Segment[], weights: Float32Array): Float32Array {
  const moving = movingOf(segments);
  const part = new Float32Array(lengthOf(moving));
  const kept = segments.filter((segment) => !segment.frozen);
  for (const [i, { flat, length }] of moving.entries())
    part.set(weights.subarray(kept[i]!.flat, kept[i]!.flat + length), flat);
  return part;
}

/** The way back: all weights, where the frozen ones are those of `others`. */
export function withMoving(segments: readonly Segment[], part: Float32Array, others: Float32Array): Float32Array {
  const weights = others.slice();
  const kept = segments.filter((segment) => !segment.frozen);
  for (const [i, { flat, length }] of movingOf(segments).entries())
    weights.set(part.subarray(flat, flat + length), kept[i]!.flat);
  return weights;
}

/** What an optimizer keeps something of, as a compact vector of its own. */
export const trainedOf = (segments: readonly Segment[]): readonly Segment[] => movingOf(parametersOf(segments));

/** The sums of one node. The bytes are stable once the contribution that holds them is ready. */
export interface Part {
  readonly node: Node;
  /** ContributionLayout.bytes of them, wherever the executor keeps them. */
  readonly bytes: Uint8Array;
}

/** A contiguous range of a compact vector, in elements: [from, to). */
export interface FlatRange {
  readonly from: number;
  readonly to: number;
}

/** Where the sums of a piece of work stand. */
export type Sums = Pick<Contribution, 'parts' | 'joint'>;

/** What an executor gives for a piece of work: parts that cover its node exactly. */
export interface Contribution {
  readonly parts: readonly Part[];
  /** Base of a contribution, where the sums of tensors that all threads make together stand instead (joint.ts): for a store that knows of them. */
  readonly joint?: number;
  /** Elements of what moves that stand in all parts before the rest does, as they come. Default: none. */
  early?(): AsyncIterable<readonly FlatRange[]>;
  /** Settles when the sums stand. A store in the same memory need not wait: its own work is queued behind. */
  readonly ready: Promise<void>;
}
