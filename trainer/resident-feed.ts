// resident-feed.ts: a feed of sets that are kept whole (resident.ts): it says which samples a batch has, and reads nothing.
import type { Arena } from '../kernels/arena.ts';
import { createDraws, type DrawsOptions } from './draws.ts';
import type { Batch } from './executor.ts';
import { type FeedUsage, slotBytes } from './feed.ts';
import type { InputLayout } from './plan.ts';
import type { Feed } from './train.ts';
import type { Work } from './work.ts';

export interface ResidentFeedOptions extends DrawsOptions {
  readonly arena: Arena;
  readonly layout: InputLayout;
  readonly microShards: number;
  /** Batches under way at once, at most: there is room for as many inputs. */
  readonly slots: number;
  /** Of what is learnt from, and of what is held out: address of the table. */
  readonly tables: Readonly<Record<Work['kind'], number>>;
}

/** Takes feedBytes of the arena. */
export function createResidentFeed(options: ResidentFeedOptions): Feed & { usage(): FeedUsage } {
  const { arena, layout, microShards, level, slots, tables } = options;
  const draw = createDraws(options);
  const bytes = slotBytes(layout, microShards, level);
  const free = Array.from({ length: slots }, () => {
    const at = arena.take(bytes);
    return arena.views.u8.subarray(at, at + bytes);
  });
  let began = 0;
  return {
    ahead() {}, // all of it is there
    async batch(work): Promise<Batch> {
      if (began === 0) began = performance.now();
      const input = free.pop();
      if (!input) throw new Error(`more than ${slots} batches under way`);
      const samples = { table: tables[work.kind], indices: draw(work) };
      return { bytes: input, samples, release: () => void free.push(input) };
    },
    usage: () => ({
      wall: began === 0 ? 0 : performance.now() - began,
      waited: 0,
      stages: { read: 0, augment: 0 },
    }),
    async close() {},
  };
}
