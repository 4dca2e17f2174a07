// votes.ts: norms over several servers: what each measures of its blocks, and how that is joined in the fixed tree of each tensor's
// blocks: to the bits that one owner of all blocks gets. Pure; when votes are taken: commit.ts.
import { UPDATE_BLOCK } from '../kernels/signatures/blocks.ts';
import { lengthOf } from '../trainer/contribution.ts';
import type { Segment } from '../trainer/model.ts';
import type { Round } from '../trainer/norm-rounds.ts';
import type { AnyOptimizer, CommonConfig } from '../trainer/optimizers/kind.ts';
import { blocksOf } from '../trainer/ranges.ts';
import { updatesAt } from '../trainer/step-scalars.ts';
import { cover, endLeaf, firstLeaf, type Node, nodeName, rootOf } from '../trainer/tree.ts';
import { updateProgram } from '../trainer/update-program.ts';
import type { FlatRange } from './messages.ts';

/** What a coordinator knows of votes. */
export interface Votes {
  /** How many a step, counted from 1, needs before its update. */
  rounds(step: number): number;
  /** A round's votes for a step, counted from 1, one a server in the order of their ranges, joined. Null: one of them has not as many numbers as its range has. */
  join(round: number, votes: readonly (readonly number[])[], step: number): readonly number[] | null;
}

/** A tensor's blocks in a range: the largest nodes of its tree. */
interface Share {
  readonly tensor: Segment;
  /** Number of the first block. */
  readonly from: number;
  readonly nodes: readonly Node[];
}

function sharesOf(tensors: readonly Segment[], range: FlatRange): readonly Share[] {
  return tensors.flatMap((tensor) => {
    const first = Math.max(tensor.flat, range.from) - tensor.flat;
    const end = Math.min(tensor.flat + tensor.length, range.to) - tensor.flat;
    if (first >= end) return [];
    const from = first / UPDATE_BLOCK; // ranges are cut at blocks
    return [{ tensor, from, nodes: cover(from, Math.ceil(end / UPDATE_BLOCK)) }];
  });
}

/** The sum of a node, left + right; leaves that are not there are passed by. */
function treeSum(node: Node, leaves: number, known: (node: Node) => number | undefined): number {
  const sum = known(node);
  if (sum !== undefined) return sum;
  const child = (side: number): Node => ({ level: node.level - 1, index: 2 * node.index + side });
  const left = treeSum(child(0), leaves, known);
  return firstLeaf(child(1)) < leaves ? left + treeSum(child(1), leaves, known) : left;
}

const inQuantities = <T>({ quantities }: Round, of: (quantity: number) => readonly T[]): readonly T[] =>
  Array.from({ length: quantities }, (_, quantity) => of(quantity)).flat();

/**
 * A server's vote: for each quantity and tensor the sums of its nodes.
 * @param squares of the range's blocks of a tensor
 */
export function voteOf(
  round: Round,
  range: FlatRange,
  squares: (quantity: number, tensor: Segment, count: number) => Float64Array,
): readonly number[] {
  const shares = sharesOf(round.tensors, range);
  return inQuantities(round, (quantity) =>
    shares.flatMap(({ tensor, from, nodes }) => {
      const own = squares(quantity, tensor, endLeaf(nodes.at(-1)!) - from);
      const known = ({ level, index }: Node) => (level === 0 ? own[index - from] : undefined);
      return nodes.map((node) => treeSum(node, blocksOf(tensor), known));
    }),
  );
}

/** @param segments of the whole model, as servers have them @param ranges the servers' */
export function createVotes(
  segments: readonly Segment[],
  optimizer: AnyOptimizer,
  optimizerConfig: CommonConfig,
  ranges: readonly FlatRange[],
): Votes {
  const versions = { segments, slotBytes: 4 * lengthOf(segments) };
  const { rounds } = updateProgram({ versions, optimizer, optimizerConfig });
  const shares = rounds.map(({ tensors }) => ranges.map((range) => sharesOf(tensors, range)));
  return {
    rounds: (step) => (updatesAt(optimizerConfig, step) ? rounds.length : 0),
    join(number, votes) {
      const round = rounds[number]!;
      const sums = new Map<string, number>(); // by quantity, tensor and node
      const nameOf = (quantity: number, { path }: Segment, node: Node) => `${quantity} ${nodeName(node)} ${path}`;
      for (const [i, own] of shares[number]!.entries()) {
        const names = inQuantities(round, (quantity) =>
          own.flatMap(({ tensor, nodes }) => nodes.map((node) => nameOf(quantity, tensor, node))),
        );
        if (votes[i]!.length !== names.length) return null;
        for (const [k, name] of names.entries()) sums.set(name, votes[i]![k]!);
      }
      return inQuantities(round, (quantity) =>
        round.tensors.map((tensor) => {
          const blocks = blocksOf(tensor);
          return treeSum(rootOf(blocks), blocks, (node) => sums.get(nameOf(quantity, tensor, node)));
        }),
      );
    },
  };
}
