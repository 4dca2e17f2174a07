// received.ts: what has come of vectors that arrive in slices, in any order, some twice. Bookkeeping alone, no floats.
import type { FlatRange } from './messages.ts';

/** One list for each vector: sorted intervals that neither overlap nor touch. */
export type Received = readonly (readonly FlatRange[])[];

export const nothing = (vectors: number): Received => Array.from({ length: vectors }, () => []);

/** With [from, to) of a vector; the same object when nothing of it is new. */
export function receive(received: Received, vector: number, { from, to }: FlatRange): Received {
  const before = received[vector]!;
  if (from >= to || covers(before, { from, to })) return received;
  const apart = before.filter((it) => it.to < from || it.from > to);
  const touching = before.filter((it) => it.to >= from && it.from <= to);
  const joined = {
    from: Math.min(from, ...touching.map((it) => it.from)),
    to: Math.max(to, ...touching.map((it) => it.to)),
  };
  const after = [...apart, joined].sort((a, b) => a.from - b.from);
  return received.map((it, i) => (i === vector ? after : it));
}

const covers = (intervals: readonly FlatRange[], { from, to }: FlatRange): boolean =>
  from >= to || intervals.some((it) => it.from <= from && to <= it.to);

/** Whether the whole range of every vector has come. */
export const isWhole = (received: Received, range: FlatRange): boolean =>
  received.every((intervals) => covers(intervals, range));
