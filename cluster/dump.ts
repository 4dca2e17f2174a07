// dump.ts: a version coming together in the coordinator from all servers' ranges. Not the files it is written to.
import type { Snapshot } from '../trainer/local-store.ts';
import type { Bulk, FlatRange, Term } from './messages.ts';
import { isWhole, nothing, receive } from './received.ts';

export interface Dumping {
  readonly term: Term;
  readonly version: number;
  /** Takes a slice; the snapshot once all have come. */
  take(bulk: Bulk): Snapshot | null;
}

/** @param slots the optimizer's, in order @param length of the compact vector */
export function startDump(term: Term, version: number, slots: readonly string[], length: number): Dumping {
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
      const [parameters, ...rest] = vectors;
      return { version, parameters: parameters!, slots: Object.fromEntries(slots.map((name, i) => [name, rest[i]!])) };
    },
  };
}
