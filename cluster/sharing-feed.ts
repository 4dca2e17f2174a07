// sharing-feed.ts: a feed whose batches serve several leases: a worker that holds two nodes of a step reads its samples once.
import type { Batch } from '../trainer/executor.ts';
import type { Feed } from '../trainer/train.ts';
import type { Work } from '../trainer/work.ts';

interface Shared {
  readonly name: string;
  readonly batch: Promise<Batch>;
  users: number;
  /** Another step has been asked for: who uses it last gives it back. */
  over: boolean;
}

export function shareBatches(feed: Feed): Feed {
  let last: Shared | null = null;
  async function leave(shared: Shared): Promise<void> {
    if (!shared.over || shared.users > 0) return;
    const batch = await shared.batch.catch(() => null);
    batch?.release();
  }
  return {
    ahead: (likely) => feed.ahead(likely),
    async batch(work: Work, signal) {
      const name = `${work.kind} ${work.epoch} ${work.step}`;
      if (last?.name !== name) {
        const before = last;
        last = { name, batch: feed.batch(work, signal), users: 0, over: false };
        if (before) {
          before.over = true;
          await leave(before);
        }
      }
      const shared = last;
      shared.users++;
      const { bytes } = await shared.batch;
      return {
        bytes,
        release() {
          shared.users--;
          void leave(shared);
        },
      };
    },
    close: () => feed.close(),
  };
}
