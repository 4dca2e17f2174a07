// toy.ts: a job of a few floats whose sums depend on the order of additions, and the undisturbed loop that simulated runs are held
// against. Not the trainer: no model, no kernels.
import type { FlatRange } from '../../../cluster/messages.ts';
import type { Votes } from '../../../cluster/votes.ts';
import { handleStep, type Schedule, startSteps } from '../../../trainer/step-machine.ts';
import { rowsAt } from '../../../trainer/step-scalars.ts';
import { firstLeaf, type Node, reduceProgram, rootOf } from '../../../trainer/tree.ts';
import { activeLeaves, type Work } from '../../../trainer/work.ts';

/** A mixing of integers into [0, 1). */
export function mix(...words: number[]): number {
  let h = 0x9e3779b9;
  for (const word of words) {
    h = Math.imul(h ^ (word + 0x7f4a7c15), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}

export const SLOTS = 1;

export interface Sums {
  readonly gradient: Float32Array;
  readonly totals: readonly number[];
}

/** Sums of one leaf: of widely different sizes, so that another order of adding gives other bits. */
function leafSums(work: Work, leaf: number, parameters: Float32Array): Sums {
  const rows = work.shares[leaf]!;
  const gradient = new Float32Array(parameters.length);
  let loss = 0;
  for (let i = 0; i < parameters.length; i++) {
    const x = mix(work.kind === 'gradient' ? 1 : 2, work.epoch, work.step, leaf, i);
    gradient[i] =
      (x - 0.5) * 10 ** Math.floor(x * 97 - Math.floor((x * 97) / 5) * 5) * rows + 0.1 * parameters[i]! * rows;
    loss += Math.abs(gradient[i]!) * (1 + x * 1e-9) + parameters[i]! ** 2;
  }
  return { gradient, totals: [loss, rows] };
}

function add(left: Sums, right: Sums): Sums {
  return {
    gradient: left.gradient.map((value, i) => value + right.gradient[i]!),
    totals: left.totals.map((value, i) => value + right.totals[i]!),
  };
}

/** What a worker yields for the node of its work. */
export function nodeSums(work: Work, parameters: Float32Array): Sums {
  const sums = (node: Node): Sums | null => {
    if (firstLeaf(node) >= activeLeaves(work)) return null;
    if (node.level === 0) return leafSums(work, node.index, parameters);
    const [left, right] = [0, 1].map((side) => sums({ level: node.level - 1, index: node.index * 2 + side }));
    return left && right ? add(left, right) : (left ?? right ?? null);
  };
  return sums(work.node) ?? { gradient: new Float32Array(parameters.length), totals: [0, 0] };
}

/** Vectors of a range: parameters, then slots. */
export type Vectors = readonly Float32Array[];

/** What a server does: adds nodes in the tree, divides, updates. */
export function applyNodes(
  before: Vectors,
  parts: readonly Float32Array[],
  nodes: readonly Node[],
  leaves: number,
  scalars: readonly number[],
): Vectors {
  const stack: Float32Array[] = [];
  for (const entry of reduceProgram(nodes, leaves)) {
    if (entry !== '+') stack.push(parts[entry]!);
    else {
      const right = stack.pop()!;
      stack.push(stack.pop()!.map((value, i) => value + right[i]!));
    }
  }
  const [divisor, rate] = scalars as [number, number];
  const momentum = before[1]!.map((value, i) => 0.5 * value + stack[0]![i]! / divisor);
  return [before[0]!.map((value, i) => value - rate * momentum[i]!), momentum];
}

export const scalarsOf = (schedule: Schedule, step: number): readonly number[] => [
  rowsAt(schedule, step - 1),
  0.01 / step,
];

/** Before updates servers vote: none, one or two times, each with a number that tells of it. */
export const votesOf = (ranges: readonly FlatRange[]): Votes => ({
  rounds: (step) => step % 3,
  join: (round, votes) =>
    ranges.every((range, i) => votes[i]![0] === voteOf(range, round)) ? [votes.flat().reduce((a, b) => a + b)] : null,
});
export const voteOf = ({ from, to }: FlatRange, round: number): number => 1000 * round + 10 * from + to + 0.1;
/** What every server must have before the update of a step, counted from 1. */
export const joinedVotes = (ranges: readonly FlatRange[], step: number): readonly (readonly number[])[] =>
  Array.from({ length: votesOf(ranges).rounds(step) }, (_, round) => [
    ranges.map((range) => voteOf(range, round)).reduce((a, b) => a + b),
  ]);

export const firstVectors = (length: number, seed: number): Vectors => [
  Float32Array.from({ length }, (_, i) => mix(seed, i) - 0.5),
  new Float32Array(length),
];

/** The run as one process does it: every version, and the totals of every piece of work. */
export interface Reference {
  readonly versions: readonly Vectors[];
  readonly totals: ReadonlyMap<string, readonly number[]>;
}

export const workKey = ({ kind, epoch, step, version }: Work): string => `${kind} ${epoch} ${step} ${version}`;

export function undisturbed(schedule: Schedule, first: Vectors): Reference {
  const versions: Vectors[] = [first];
  const totals = new Map<string, readonly number[]>();
  let state = startSteps({ ...schedule, from: 0 });
  for (;;) {
    const result = handleStep(schedule, state, { kind: 'want' });
    state = result.state;
    const [action] = result.actions;
    if (action?.kind === 'stop') return { versions, totals };
    if (action?.kind === 'save') state = handleStep(schedule, state, { kind: 'saved', finite: true }).state;
    if (action?.kind !== 'open') continue;
    const { work } = action;
    const now = versions.at(-1)!;
    const sums = nodeSums(work, now[0]!);
    totals.set(workKey(work), sums.totals);
    if (work.kind === 'gradient') {
      const scalars = scalarsOf(schedule, work.step + 1).map(Math.fround);
      versions.push(applyNodes(now, [sums.gradient], [rootOf(schedule.microShards)], activeLeaves(work), scalars));
    }
    state = handleStep(schedule, state, { kind: 'settled', work, finite: true }).state;
  }
}

export const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length &&
  a.every((value, i) => Object.is(value, b[i]) || value === b[i]) &&
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
