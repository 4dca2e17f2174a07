// work.ts: a piece of work: a node of the tree in one step, or in one batch of an evaluation. What is leased across machines.
import { made } from '../base/made.ts';
import { endLeaf, firstLeaf, type Node } from './tree.ts';

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

/** Leaves that a team computes side by side: a node of the tree, or as many of its leaves as have rows. */
export interface Bundle {
  readonly node: Node;
  readonly rows: number;
  /** Place in the batch of its first row. */
  readonly slot: number;
  /** The row after each leaf's last, counted from the bundle's first. */
  readonly leafEnds: readonly number[];
}

/** Bundles by shares, then by node and level: the works of a run have the same few lists of shares. */
const cuts = new WeakMap<readonly number[], Map<number, readonly Bundle[]>>();

/**
 * A piece of work cut into bundles of 2^level leaves, or of the work's own node where that is smaller. Sums are taken leaf by leaf
 * all the same: bundles are for the caches, and never change a bit.
 */
export function bundlesOf(work: Work, level: number): readonly Bundle[] {
  const key = (work.node.index * 64 + work.node.level) * 64 + level;
  return made(
    made(cuts, work.shares, () => new Map()),
    key,
    () => cut(work, level),
  );
}

function cut(work: Work, level: number): readonly Bundle[] {
  const own = Math.min(level, work.node.level);
  const size = 2 ** own;
  const first = firstLeaf(work.node);
  const end = Math.min(endLeaf(work.node), activeLeaves(work));
  const bundles: Bundle[] = [];
  let slot = 0;
  for (let leaf = 0; leaf < first; leaf++) slot += work.shares[leaf]!;
  for (let leaf = first; leaf < end; leaf += size) {
    const leafEnds: number[] = [];
    let rows = 0;
    for (let i = leaf; i < Math.min(end, leaf + size); i++) {
      rows += work.shares[i]!;
      leafEnds.push(rows);
    }
    bundles.push({ node: { level: own, index: leaf / size }, rows, slot, leafEnds });
    slot += rows;
  }
  return bundles;
}

export const rowsOf = (work: Work): number => work.shares.reduce((a, b) => a + b, 0);

/** Leaves that have rows: they come first. */
export function activeLeaves(work: Work): number {
  const empty = work.shares.indexOf(0);
  return empty < 0 ? work.shares.length : empty;
}
