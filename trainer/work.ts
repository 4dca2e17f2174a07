// work.ts: a piece of work: a node of the tree in one step, or in one batch of an evaluation. What is leased across machines.
import type { Node } from './tree.ts';

export interface Work {
  /** gradient: train. evaluate: measure; its totals steer decisions, so it has a tree too. */
  readonly kind: 'gradient' | 'evaluate';
  /** From 0. For an evaluation: the number of its batch. */
  readonly step: number;
  readonly epoch: number;
  readonly node: Node;
  /** Parameters to compute with: the number of committed steps that made them. */
  readonly version: number;
  /** Rows of each leaf of the whole batch. */
  readonly shares: readonly number[];
}

export const rowsOf = (work: Work): number => work.shares.reduce((a, b) => a + b, 0);

/** Leaves that have rows: they come first. */
export function activeLeaves(work: Work): number {
  const empty = work.shares.indexOf(0);
  return empty < 0 ? work.shares.length : empty;
}
