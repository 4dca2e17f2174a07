// store.ts: what the training loop sees of whoever holds the parameters: work, pinned versions, a place for sums. The interface
// alone: local-store.ts keeps them in this process; a cluster's store keeps them behind sockets.
import type { Contribution } from './contribution.ts';
import type { Pinned } from './executor.ts';
import type { Work } from './work.ts';

export interface Store {
  /**
   * Pieces of work of at least `unit` leaves, until the run ends. Several may be under way at once.
   * `ahead` is told what is likely to come, so that its samples can be read.
   */
  work(unit: number, ahead: (likely: Iterable<Work>) => void, signal: AbortSignal): AsyncIterable<Work>;
  /** The parameters of a version, not overwritten until released. */
  pin(version: number, signal: AbortSignal): Promise<Pinned>;
  /** Takes the sums: adds them in the tree and, when the root is complete, applies the step. Settles when the caller may go on. */
  contribute(work: Work, contribution: Contribution, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
