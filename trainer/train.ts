// train.ts: THE loop, the same over either store and any executor. Adding, applying and committing belong to the store.
import type { Batch, Executor } from './executor.ts';
import type { Store } from './store.ts';
import type { Work } from './work.ts';

/** Where the samples of a piece of work come from. */
export interface Feed {
  /** What is likely to be asked for next. */
  ahead(likely: Iterable<Work>): void;
  batch(work: Work, signal: AbortSignal): Promise<Batch>;
  close(): Promise<void>;
}

/** Computes work until there is none. */
export async function train(store: Store, feed: Feed, executor: Executor, signal: AbortSignal): Promise<void> {
  for await (const work of store.work(executor.unit, (likely) => feed.ahead(likely), signal)) {
    const batch = await feed.batch(work, signal); // samples of every leaf of work.node
    const parameters = await store.pin(work.version, signal); // of the step's version
    const contribution = await executor.compute(work, batch, parameters, signal); // sums, nothing divided
    await store.contribute(work, contribution, signal); // reduce, vote, apply, commit
  }
}
