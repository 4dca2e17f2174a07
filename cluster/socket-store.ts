// socket-store.ts: a worker's store: parameters that servers sent, in two copies in the executor's memory; work that is leased; sums
// of a node as one compact vector for the servers (node-sums.ts). It moves floats where the worker's machine says, and decides nothing.
import { alignUp } from '../kernels/arena.ts';
import { type Contribution, expand, memoryBytes, movingOf, type Part } from '../trainer/contribution.ts';
import type { Pinned } from '../trainer/executor.ts';
import type { Segment } from '../trainer/model.ts';
import type { Program } from '../trainer/plan.ts';
import type { Store } from '../trainer/store.ts';
import { reduceProgram } from '../trainer/tree.ts';
import { activeLeaves, type Work } from '../trainer/work.ts';
import { eachRun } from './flat-ranges.ts';
import type { FlatRange } from './messages.ts';
import { createSums, nodeSumsBytes, type SumsOptions } from './node-sums.ts';

export interface SocketStoreOptions extends SumsOptions {
  /** Compact: the frozen ones among them are what they stay; all others come from servers. */
  readonly weights: Float32Array;
  readonly program: Program;
  /** Of the lease that is being computed, these elements of the sums stand already. */
  readonly final: (lease: number, ranges: readonly FlatRange[]) => void;
  /** A lease is computed; its sums stand until `release`. Totals: the node's f64. */
  readonly computed: (lease: number, totals: readonly number[]) => void;
  /** What is computed is not wanted: it may end early. */
  readonly cancel: () => void;
  /** What this worker will probably compute after a piece of work. */
  readonly following: (work: Work) => Work | null;
}

export interface SocketStore extends Store {
  /** Takes a slice of a version's parameters into a copy. */
  store(copy: 0 | 1, from: number, slice: Float32Array): void;
  /** The loop gets this next. One at a time. */
  compute(lease: number, work: Work, copy: 0 | 1): void;
  /** The lease is not wanted: it is told as computed as soon as may be, with no totals and no sums. */
  cancel(lease: number): void;
  /** The sums of a lease, compact, as far as they stand. */
  sums(lease: number): Float32Array | undefined;
  release(lease: number): void;
}

interface Task {
  readonly lease: number;
  readonly work: Work;
  readonly copy: 0 | 1;
}

/** Bytes that the store takes from the pool's arena. */
export const socketStoreBytes = (segments: readonly Segment[], microShards: number): number =>
  2 * alignUp(memoryBytes(segments) + 512) + nodeSumsBytes(segments, microShards);

export function createSocketStore(options: SocketStoreOptions): SocketStore {
  const { arena, segments, program, computed, final, following } = options;
  const { plans, contribution } = program;
  const { f32, u8 } = arena.views;
  const bytes = memoryBytes(segments);
  const copies = [arena.take(bytes), arena.take(bytes)] as const;
  /** What the values of each copy are named by: a version is others after a rollback, where bits may differ. */
  const names: [number, number] = [1, 2];
  let stored = 2;
  const moving = movingOf(segments);
  const sums = createSums(options);
  const held = new Map<number, Float32Array>();
  let task: Task | null = null;
  let running: Task | null = null;
  let cancelled: number | null = null;
  let closed = false;
  let wake = (): void => {};

  const vectorAt = (address: number, length: number) => f32.subarray(address >>> 2, (address + length) >>> 2);
  for (const copy of copies) expand(segments, options.weights, vectorAt(copy, bytes));

  /** The totals of the node: a few f64, added as the tree says. */
  function totalsOf(parts: readonly Part[], work: Work): readonly number[] {
    const { counts } = plans[work.kind === 'gradient' ? 'train' : 'evaluate'];
    const scalars = counts.reduce((most, { from, length }) => Math.max(most, from + length), 1);
    const of = ({ bytes: { buffer, byteOffset } }: Part) => [
      ...new Float64Array(buffer, byteOffset + contribution.scalarsAt, scalars),
    ];
    const nodes = parts.map((part) => part.node);
    const stack: (readonly number[])[] = [];
    for (const entry of reduceProgram(nodes, activeLeaves(work), work.node)) {
      if (entry !== '+') stack.push(of(parts[entry]!));
      else {
        const right = stack.pop()!;
        stack.push(stack.pop()!.map((value, i) => value + right[i]!));
      }
    }
    return stack[0]!;
  }

  return {
    store(copy, from, slice) {
      const into = vectorAt(copies[copy], bytes);
      eachRun(moving, from, slice.length, (at, to, length) => into.set(slice.subarray(at, at + length), to));
      names[copy] = ++stored;
    },
    compute(lease, work, copy) {
      task = { lease, work, copy };
      wake();
    },
    cancel(lease) {
      if (task?.lease === lease) {
        task = null;
        computed(lease, []);
      } else if (running?.lease === lease) {
        cancelled = lease;
        options.cancel();
      }
    },
    sums: (lease) => held.get(lease),
    release(lease) {
      held.delete(lease);
    },
    async *work(_unit, ahead, signal) {
      const stop = (): void => wake();
      signal.addEventListener('abort', stop);
      try {
        for (;;) {
          if (closed || signal.aborted) return;
          if (task) {
            running = task;
            task = null;
            const next = following(running.work);
            ahead(next ? [running.work, next] : [running.work]);
            yield running.work;
          } else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    async pin(): Promise<Pinned> {
      const { copy } = running!;
      const at = copies[copy];
      return { version: names[copy], bytes: u8.subarray(at, at + bytes), ready: Promise.resolve(), release() {} };
    },
    async contribute(work, { parts, early, ready }: Contribution) {
      const { lease } = running!;
      const node = work.kind === 'gradient' ? sums.of(parts, work) : null;
      if (node) held.set(lease, node.values);
      for await (const ranges of early?.() ?? []) {
        if (cancelled === lease) break;
        node?.take(ranges);
        final(lease, ranges);
      }
      await ready;
      running = null;
      if (cancelled === lease) {
        cancelled = null;
        computed(lease, []);
        return;
      }
      node?.finish();
      computed(lease, totalsOf(parts, work));
    },
    async close() {
      closed = true;
      wake();
    },
  };
}
