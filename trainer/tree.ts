// tree.ts: the fixed binary tree over micro-shards in which contributions are added: rows of each leaf, covers, reduce programs.
// Pure bookkeeping, by number: it holds no sums and knows no thread.
import { ShoalError } from '../base/errors.ts';

/** Covers leaves [index << level, (index + 1) << level). */
export interface Node {
  readonly level: number;
  readonly index: number;
}

export const firstLeaf = (node: Node): number => node.index * 2 ** node.level;
export const endLeaf = (node: Node): number => (node.index + 1) * 2 ** node.level;
export const nodeName = (node: Node): string => `${node.level}/${node.index}`;

/** The root over `leaves` leaves: padded to a power of two. */
export function rootOf(leaves: number): Node {
  return { level: Math.ceil(Math.log2(Math.max(1, leaves))), index: 0 };
}

/** Rows of each leaf: `rows` over `microShards` as evenly as can be, the larger first. Leaves without rows come last. */
export function sharesOf(rows: number, microShards: number): readonly number[] {
  const least = Math.floor(rows / microShards);
  const more = rows % microShards;
  return Array.from({ length: microShards }, (_, leaf) => least + (leaf < more ? 1 : 0));
}

/** The largest aligned nodes that together cover leaves [from, to) and nothing else, left to right. */
export function cover(from: number, to: number): readonly Node[] {
  const nodes: Node[] = [];
  for (let leaf = from; leaf < to; ) {
    let level = 0;
    while (leaf % 2 ** (level + 1) === 0 && leaf + 2 ** (level + 1) <= to) level++;
    nodes.push({ level, index: leaf / 2 ** level });
    leaf += 2 ** level;
  }
  return nodes;
}

/** One leaf's place in the work of one team: where its sums go, and which finished sums they are added to. */
export interface LadderStep {
  readonly leaf: number;
  /** Slot that receives the leaf's sums plus its finished siblings'. */
  readonly slot: number;
  /** Slots of the finished left siblings, nearest first. Free again afterwards. */
  readonly siblings: readonly number[];
}

export interface Ladder {
  readonly steps: readonly LadderStep[];
  /** What is left at the end: maximal nodes and the slots that hold them, left to right. */
  readonly parts: readonly { readonly node: Node; readonly slot: number }[];
  readonly slots: number;
}

/**
 * How one team computes leaves [from, to) in order, adding as it goes: a binary counter. A leaf's sums and the finished sums beside
 * it inside the same node become one slot, so a whole subtree ends as one vector.
 */
export function ladder(from: number, to: number): Ladder {
  const steps: LadderStep[] = [];
  const held: { node: Node; slot: number }[] = [];
  const free: number[] = [];
  let slots = 0;
  for (let leaf = from; leaf < to; leaf++) {
    const slot = free.pop() ?? slots++;
    const siblings: number[] = [];
    let node: Node = { level: 0, index: leaf };
    for (let beside = held.at(-1); beside && areSiblings(beside.node, node); beside = held.at(-1)) {
      held.pop();
      siblings.push(beside.slot);
      node = { level: node.level + 1, index: Math.floor(node.index / 2) };
    }
    steps.push({ leaf, slot, siblings });
    held.push({ node, slot });
    free.push(...siblings);
  }
  return { steps, parts: held, slots };
}

const areSiblings = (a: Node, b: Node): boolean =>
  a.level === b.level && a.index !== b.index && Math.floor(a.index / 2) === Math.floor(b.index / 2);

/** Splits leaves [0, leaves) into `teams` contiguous ranges of nearly equal length, the longer first. */
export function splitLeaves(leaves: number, teams: number): readonly (readonly [from: number, to: number])[] {
  const shares = sharesOf(leaves, teams);
  let from = 0;
  return shares.map((count) => {
    const range = [from, from + count] as const;
    from += count;
    return range;
  });
}

/** How teams compute leaves [first, first + count): a share each, the longer first. */
export const ladders = (first: number, count: number, teams: number): readonly Ladder[] =>
  splitLeaves(count, teams).map(([from, to]) => ladder(first + from, first + to));

/** Slots that any of them needs, for any number of leaves up to `most`. */
export function slotsPerTeam(most: number, teams: number): number {
  let needed = 1;
  for (let count = 1; count <= most; count++)
    for (const { slots } of ladders(0, count, teams)) needed = Math.max(needed, slots);
  return needed;
}

/** A postfix program over parts: a number pushes that part, '+' adds the top two, left + right. */
export type ReduceProgram = readonly (number | '+')[];

/**
 * The program that adds `nodes` (disjoint, in any order) in the tree over leaves [0, leaves). A child without leaves is passed
 * by, never added as zero: so -0 survives, and an empty leaf costs nothing.
 * @param root the node whose sums are wanted; default: the root of a tree that holds them all
 * @throws SHOAL_TREE when the nodes do not cover the leaves under it exactly
 */
export function reduceProgram(nodes: readonly Node[], leaves: number, root?: Node): ReduceProgram {
  const program: (number | '+')[] = [];
  const place = new Map(nodes.map((node, i) => [nodeName(node), i]));
  let used = 0;
  const visit = (node: Node): boolean => {
    if (firstLeaf(node) >= leaves) return false;
    const part = place.get(nodeName(node));
    if (part !== undefined) {
      used++;
      program.push(part);
      return true;
    }
    if (node.level === 0) throw treeError(`no part for leaf ${node.index}`);
    const left = visit({ level: node.level - 1, index: node.index * 2 });
    const right = visit({ level: node.level - 1, index: node.index * 2 + 1 });
    if (left && right) program.push('+');
    return left || right;
  };
  visit(root ?? rootOf(Math.max(leaves, ...nodes.map(endLeaf)))); // a part may reach beyond the last leaf with rows
  if (used !== nodes.length) throw treeError(`${nodes.length} parts of which ${used} fit`);
  return program;
}

const treeError = (got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_TREE',
    operation: 'add contributions in the tree',
    got,
    expected: 'parts that cover each leaf with rows exactly once',
    hint: 'Please report this with the job file.',
  });
