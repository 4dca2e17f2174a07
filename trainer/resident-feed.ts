// resident-feed.ts: a feed of sets that are kept whole (resident.ts): it says which samples a batch has, and reads nothing.
import type { Arena } from '../kernels/arena.ts';
import { createDraws, type DrawsOptions } from './draws.ts';
import type { Batch } from './executor.ts';
import type { FeedUsage } from './feed.ts';
import type { InputLayout } from './plan.ts';
import type { Feed } from './train.ts';
import type { Work } from './work.ts';

export interface ResidentFeedOptions extends DrawsOptions {
  readonly arena: Arena;
  /** Of one bundle. */
  readonly layout: InputLayout;
  readonly teams: number;
  /** Pieces of work under way at once, at most. */
  readonly depth: number;
  /** Of what is learnt from, and of what is held out: address of the table. */
  readonly tables: Readonly<Record<Work['kind'], number>>;
}

/** Batches at once: those under way, the one that is asked for, and one that is computed again (diagnose.ts). */
const batches = (depth: number): number => depth + 2;

export const residentFeedBytes = (
  { leafBytes }: InputLayout,
  { teams, depth }: Pick<ResidentFeedOptions, 'teams' | 'depth'>,
): number => batches(depth) * (teams * leafBytes + 512);

/** Takes residentFeedBytes of the arena. */
export function createResidentFeed(options: ResidentFeedOptions): Feed & { usage(): FeedUsage } {
  const { arena, layout, teams, depth, tables } = options;
  const draw = createDraws(options);
  const bytes = teams * layout.leafBytes;
  const free = Array.from({ length: batches(depth) }, () => {
    const at = arena.take(bytes);
    return arena.views.u8.subarray(at, at + bytes);
  });
  let began = 0;
  return {
    ahead() {}, // all of it is there
    async batch(work): Promise<Batch> {
      if (began === 0) began = performance.now();
      const input = free.pop();
      if (!input) throw new Error(`more than ${batches(depth)} batches under way`);
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
