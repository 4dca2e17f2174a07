// dump.ts: a version as the vectors that servers hold, and one coming together in the coordinator from all their ranges. No files.
import { lengthOf, movingOf, movingPart, parametersOf, trainedOf, withMoving } from '../trainer/contribution.ts';
import { joined, parted, type Weights } from '../trainer/initialize.ts';
import type { Segment } from '../trainer/model.ts';
import type { Snapshot } from '../trainer/snapshot.ts';
import type { Bulk, FlatRange, Term } from './messages.ts';
import { isWhole, nothing, receive } from './received.ts';

export interface Dumping {
  readonly term: Term;
  readonly version: number;
  /** Takes a slice; the snapshot once all have come. */
  take(bulk: Bulk): Snapshot | null;
}

/** The vectors of a version: all weights that move, then each of the optimizer's slots, as long. */
export function vectorsOf(
  snapshot: Snapshot,
  slots: readonly string[],
  segments: readonly Segment[],
): readonly Float32Array[] {
  const weights = movingPart(segments, joined(snapshot));
  const widened = (slot: Float32Array): Float32Array => {
    if (slot.length === weights.length) return slot;
    const vector = new Float32Array(weights.length);
    vector.set(slot);
    return vector;
  };
  return [weights, ...slots.map((name) => widened(snapshot.slots[name]!))];
}

/**
 * @param slots the optimizer's, in order
 * @param segments of all weights: a slot has nothing where the state is
 * @param others where frozen weights are taken from
 */
export function startDump(
  term: Term,
  version: number,
  slots: readonly string[],
  segments: readonly Segment[],
  others: Weights,
): Dumping {
  const length = lengthOf(movingOf(segments));
  const trained = lengthOf(trainedOf(segments));
  const vectors = Array.from({ length: 1 + slots.length }, () => new Float32Array(length));
  const whole: FlatRange = { from: 0, to: length };
  let received = nothing(vectors.length);
  return {
    term,
    version,
    take({ vector, from, values }) {
      const into = vectors[vector];
      if (!into || from + values.length > length) return null;
      into.set(values, from);
      received = receive(received, vector, { from, to: from + values.length });
      if (!isWhole(received, whole)) return null;
      const kept = slots.map((name, i) => [name, vectors[1 + i]!.subarray(0, trained)] as const);
      const weights = withMoving(segments, vectors[0]!, joined(others));
      return { version, ...parted(weights, lengthOf(parametersOf(segments))), slots: Object.fromEntries(kept) };
    },
  };
}
