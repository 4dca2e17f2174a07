// store-sums.ts: what the suite of stores gives them: a small vector, and sums of each leaf and step; and what they are to make of it, in f64.
import { type ContributionLayout, contributionLayout, type Part } from '../../trainer/contribution.ts';
import type { Segment } from '../../trainer/model.ts';
import { optimizerSchema } from '../../trainer/optimizers/index.ts';
import type { CommonConfig } from '../../trainer/optimizers/kind.ts';
import type { Snapshot } from '../../trainer/snapshot.ts';
import { firstLeaf, type Node } from '../../trainer/tree.ts';
import { activeLeaves, rowsOf, type Work } from '../../trainer/work.ts';
import { noise } from './kernel.ts';

/** A tensor of two update blocks, a short one, and a moving statistic. */
export const SEGMENTS: readonly Segment[] = [
  { path: 'a/kernel', shape: [70, 80], length: 5600, flat: 0, at: 0 },
  { path: 'a/bias', shape: [7], length: 7, flat: 5600, at: 5600 },
  { path: 'b/moving_mean', shape: [5], length: 5, flat: 5607, at: 5616, state: { momentum: 0.75 } },
];
export const PARAMETERS = 5607;
const LENGTH = 5612;
const SCALARS = 3;
export const LAYOUT: ContributionLayout = contributionLayout(SEGMENTS, SCALARS);
const STEP = { learning_rate: 0.1, momentum: 0.9 };
export const MOMENTUM = (
  optimizerSchema.parse({ class_name: 'SGD', config: STEP }) as { config: CommonConfig & typeof STEP }
).config;

/** Which nodes a contribution consists of. */
export type Division = (work: Work) => readonly Node[];
export const level =
  (height: number): Division =>
  (work) => {
    const count = Math.ceil(activeLeaves(work) / 2 ** height);
    return Array.from({ length: count }, (_, index) => ({ level: height, index }));
  };
export const DIVISIONS: Readonly<Record<string, Division>> = {
  leaves: level(0),
  'leaves, last first': (work) => [...level(0)(work)].reverse(),
  pairs: level(1),
  'the root': level(2),
};

const values = (seed: number, length: number): Float32Array => noise(length, seed + 1);
const gradientOf = (work: Work, leaf: number): Float32Array => values(100 * work.step + leaf, LENGTH);
const scalarsOf = (work: Work, leaf: number): readonly number[] => [work.step + leaf / 8, work.shares[leaf]!, leaf];

/** The fixed tree's sum over a node, f32 at each addition; an absent child is passed by. Null: no leaf. */
function treeSum<T extends Float32Array | readonly number[]>(
  node: Node,
  leaves: number,
  leafOf: (leaf: number) => T,
  add: (a: T, b: T) => T,
): T | null {
  if (firstLeaf(node) >= leaves) return null;
  if (node.level === 0) return leafOf(node.index);
  const child = (i: number) => treeSum({ level: node.level - 1, index: 2 * node.index + i }, leaves, leafOf, add);
  const [left, right] = [child(0), child(1)];
  return left && right ? add(left, right) : left;
}
const addFloats = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + b[i]!);
const addNumbers = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value + b[i]!);
const gradientSum = (work: Work, node: Node) =>
  treeSum<Float32Array>(node, activeLeaves(work), (leaf) => gradientOf(work, leaf), addFloats)!;
export const scalarSum = (work: Work, node: Node) =>
  treeSum<readonly number[]>(node, activeLeaves(work), (leaf) => scalarsOf(work, leaf), addNumbers)!;

/** Parts with those sums; `memory` gives the place of each. `loss` replaces the loss. */
export function partsOf(work: Work, nodes: readonly Node[], memory: () => Uint8Array, loss?: number): readonly Part[] {
  return nodes.map((node) => {
    const bytes = memory();
    const gradients = new Float32Array(bytes.buffer, bytes.byteOffset, LAYOUT.scalarsAt / 4);
    const sum = gradientSum(work, node);
    for (const s of SEGMENTS) gradients.set(sum.subarray(s.flat, s.flat + s.length), s.at);
    const scalars = new Float64Array(bytes.buffer, bytes.byteOffset + LAYOUT.scalarsAt, SCALARS);
    scalars.set(scalarSum(work, node));
    if (loss !== undefined) scalars[0] = loss;
    return { node, bytes };
  });
}

/** What a run begins with. */
export const START: Snapshot = {
  version: 0,
  parameters: values(7000, PARAMETERS),
  state: values(7001, LENGTH - PARAMETERS),
  slots: { momentum: new Float32Array(PARAMETERS) },
};

/** SGD with momentum over the root's sums, and moving averages of their means, in f64. */
export function expectedAfter(works: readonly Work[]): { parameters: number[]; state: number[]; velocity: number[] } {
  const parameters = [...START.parameters];
  const state = [...START.state];
  const velocity = parameters.map(() => 0);
  for (const work of works) {
    const sum = gradientSum(work, work.node);
    for (let i = 0; i < PARAMETERS; i++) {
      velocity[i] = MOMENTUM.momentum * velocity[i]! - MOMENTUM.learning_rate * (sum[i]! / rowsOf(work));
      parameters[i]! += velocity[i]!;
    }
    state.forEach((value, i) => {
      state[i] = 0.75 * value + (0.25 * sum[PARAMETERS + i]!) / rowsOf(work);
    });
  }
  return { parameters, state, velocity };
}
