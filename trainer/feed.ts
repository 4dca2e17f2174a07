// feed.ts: the samples of each piece of work, read ahead of it into input slots. Which ones: draws.ts; the reading itself is the data pool's.
// Small sets need none of it: resident-feed.ts.
import { seedWords } from '../base/random.ts';
import type { AugmentConfig } from '../datasets/augment/index.ts';
import type { FeedTimes } from '../datasets/feed-messages.ts';
import { createFeeder, type Feeder } from '../datasets/feeder.ts';
import type { FillRequest } from '../datasets/fill-request.ts';
import type { Reader } from '../datasets/reader.ts';
import type { TransformConfig } from '../datasets/transforms/index.ts';
import type { Arena } from '../kernels/arena.ts';
import type { KernelModule } from '../kernels/load.ts';
import { createDraws, type DrawsOptions } from './draws.ts';
import type { Batch } from './executor.ts';
import type { InputLayout } from './plan.ts';
import type { Feed } from './train.ts';
import { nodeName } from './tree.ts';
import { bundlesOf, type Work } from './work.ts';

/** `layout` is that of one bundle. */
export interface FeedOptions extends DrawsOptions {
  readonly arena: Arena;
  readonly transforms: readonly TransformConfig[];
  /** The job's. */
  readonly augment: readonly AugmentConfig[];
  readonly kernels: KernelModule;
  readonly layout: InputLayout;
  readonly microShards: number;
  /** Batches held at once, being read or being computed. */
  readonly slots: number;
  /** Threads of the data pool, for each of the two readers. */
  readonly threads: number;
}

interface Held {
  readonly work: Work;
  readonly slot: number;
  readonly ready: Promise<void>;
}

export const feedBytes = (layout: InputLayout, bundles: number, slots: number): number =>
  slots * (bundles * layout.leafBytes + 512);

const nameOf = (work: Work): string => `${work.kind} ${work.epoch} ${work.step} ${nodeName(work.node)}`;

/** Milliseconds since a feed was made. */
export interface FeedUsage {
  /** Since the first batch was there: before it, threads start. */
  readonly wall: number;
  /** Of these, time in which nothing was computed because the next batch was not there. */
  readonly waited: number;
  /** Of the data threads, all together. */
  readonly stages: FeedTimes;
}

export function createFeed(options: FeedOptions): Feed & { usage(): FeedUsage; waiting(): readonly Work[] } {
  const { arena, layout, microShards, level, transforms, seed } = options;
  const bytes = Math.ceil(microShards / 2 ** level) * layout.leafBytes;
  const addresses = Array.from({ length: options.slots }, () => arena.take(bytes));
  const free = [...addresses];
  const held = new Map<string, Held>();
  const stop = new AbortController();
  const memory = arena.memory.buffer as unknown as SharedArrayBuffer;
  const open = (reader: Reader, heldOut: boolean): Feeder => {
    const { kernels, threads } = options;
    const augment = { configs: options.augment, seed: seedWords(seed), heldOut, kernels };
    return createFeeder({
      reader,
      transforms,
      augment: augment.configs.length > 0 ? augment : null,
      memory,
      layout,
      threads,
    });
  };
  const draw = createDraws(options);
  const feeders = {
    gradient: open(options.train, false),
    evaluate: open(options.test, true),
  } satisfies Record<Work['kind'], Feeder>;
  /** The samples of the work's node, bundle by bundle. */
  const requestOf = (work: Work, address: number): FillRequest => {
    const bundles = bundlesOf(work, level);
    const shards = bundles.flatMap(({ leafEnds }) => leafEnds.map((end, i) => end - (leafEnds[i - 1] ?? 0)));
    const drawn = { step: work.step, place: bundles[0]!.slot, shards };
    return { address, leaves: bundles.map((bundle) => bundle.rows), indices: draw(work), drawn };
  };
  let began = 0;
  let waited = 0;
  let computing = 0; // batches given and not released
  let idleSince = 0;
  const release = (slot: number): void => {
    free.push(slot);
    if (--computing === 0) idleSince = performance.now();
  };

  /** Starts to read: all works of one kind in one message to the pool. */
  function request(works: Iterable<Work>): void {
    const next: Work[] = [];
    for (const work of works) {
      if (next.length >= free.length) break;
      if (!held.has(nameOf(work))) next.push(work);
    }
    for (const kind of ['gradient', 'evaluate'] as const) {
      const wanted = next.filter((work) => work.kind === kind);
      if (wanted.length === 0) continue;
      const requests = wanted.map((work) => requestOf(work, free.pop()!));
      const ready = feeders[kind].fill(requests, stop.signal);
      ready.catch(() => {}); // whoever asks for the batch hears of it
      wanted.forEach((work, i) => {
        held.set(nameOf(work), { work, slot: requests[i]!.address, ready });
      });
    }
  }

  /** Reads whose batches nobody wants any more: their slots are free when they end. */
  const leaving = new Set<Promise<void>>();
  function letGo(name: string): void {
    const { slot, ready } = held.get(name)!;
    held.delete(name);
    const gone = ready
      .catch(() => {})
      .then(() => {
        free.push(slot);
        leaving.delete(gone);
      });
    leaving.add(gone);
  }
  /** What was read ahead of a step that is over, and was not asked for, makes room. */
  function forgetBefore({ kind, epoch, step }: Work): void {
    for (const [name, { work }] of held)
      if (work.epoch < epoch || (work.epoch === epoch && work.kind === kind && work.step < step)) letGo(name);
  }

  return {
    ahead(likely) {
      // a message to the pool costs more than a step's samples: ask when half of the slots are free
      if (free.length >= addresses.length / 2) request(likely);
    },
    async batch(work): Promise<Batch> {
      const name = nameOf(work);
      forgetBefore(work);
      request([work]);
      while (!held.has(name)) {
        // asked for out of turn, with every slot read ahead: the last of those gives way
        const last = [...held.keys()].at(-1);
        if (last !== undefined) letGo(last);
        await Promise.race(leaving);
        request([work]);
      }
      const { slot, ready } = held.get(name)!;
      const since = performance.now();
      await ready;
      const now = performance.now();
      if (began === 0) began = now;
      else if (computing === 0) waited += now - Math.max(since, idleSince);
      computing++;
      held.delete(name);
      return { bytes: arena.views.u8.subarray(slot, slot + bytes), release: () => release(slot) };
    },
    /** Works whose samples are read or being read, and were not asked for yet. */
    waiting: () => [...held.values()].map(({ work }) => work),
    usage() {
      const all = Object.values(feeders).map(({ times }) => times);
      const of = (stage: keyof FeedTimes) => all.reduce((sum, times) => sum + times[stage], 0);
      const stages = { read: of('read'), augment: of('augment') };
      return { wall: began === 0 ? 0 : performance.now() - began, waited, stages };
    },
    async close() {
      stop.abort(new Error('the run has ended'));
      await Promise.all(Object.values(feeders).map((feeder) => feeder.close()));
    },
  };
}
