// tree.test.ts: the fixed tree, followed with strings in place of sums: "((0+1)+2)" shows what was added to what.
import assert from 'node:assert/strict';
import {
  cover,
  endLeaf,
  firstLeaf,
  type Ladder,
  ladder,
  ladders,
  type Node,
  type ReduceProgram,
  reduceProgram,
  rootOf,
  sharesOf,
  slotsPerTeam,
  splitLeaves,
} from '../../trainer/tree.ts';

const LEAVES = Array.from({ length: 17 }, (_, i) => i + 1);
const TEAMS = [1, 2, 3, 4, 5];

/** What the tree says, straight from its definition. Null: no leaf below. */
function oracle(node: Node, leaves: number): string | null {
  if (firstLeaf(node) >= leaves) return null;
  if (node.level === 0) return `${node.index}`;
  const left = oracle({ level: node.level - 1, index: 2 * node.index }, leaves);
  const right = oracle({ level: node.level - 1, index: 2 * node.index + 1 }, leaves);
  return right === null ? left : `(${left}+${right})`;
}

/** Runs a reduce program. */
function reduced(program: ReduceProgram, parts: readonly string[]): string {
  const stack: string[] = [];
  for (const entry of program) {
    if (entry !== '+') {
      stack.push(parts[entry]!);
      continue;
    }
    const right = stack.pop()!;
    stack.push(`(${stack.pop()}+${right})`);
  }
  assert.equal(stack.length, 1);
  return stack[0]!;
}

/** Runs a team's ladder: a leaf's sums, to which each finished left sibling is added from the left, nearest first. */
function climbed({ steps, parts, slots }: Ladder): { node: Node; sum: string }[] {
  const held = new Map<number, string>();
  for (const { leaf, slot, siblings } of steps) {
    assert.ok(slot < slots && !held.has(slot), `leaf ${leaf} would overwrite slot ${slot}`);
    let sum = `${leaf}`;
    for (const sibling of siblings) {
      assert.ok(held.has(sibling), `leaf ${leaf} adds the empty slot ${sibling}`);
      sum = `(${held.get(sibling)}+${sum})`;
      held.delete(sibling);
    }
    held.set(slot, sum);
  }
  assert.deepEqual([...held.keys()].sort(), parts.map((part) => part.slot).sort(), 'slots still held are the parts');
  return parts.map(({ node, slot }) => ({ node, sum: held.get(slot)! }));
}

describe('the tree', () => {
  it('gives one expression for 1 to 17 leaves, whether 1 to 5 teams climb it, each node being complete', () => {
    for (const leaves of LEAVES) {
      const expected = oracle(rootOf(leaves), leaves)!;
      for (const teams of TEAMS) {
        const parts = ladders(0, leaves, teams).flatMap(climbed);
        for (const { node, sum } of parts) assert.equal(sum, oracle(node, leaves));
        const nodes = parts.map((part) => part.node);
        const sums = parts.map((part) => part.sum);
        assert.equal(reduced(reduceProgram(nodes, leaves), sums), expected, `${leaves} leaves, ${teams} teams`);
      }
    }
  });

  it('adds parts that arrive in any order as if they had come in order', () => {
    const nodes: Node[] = [
      { level: 1, index: 2 },
      { level: 0, index: 3 },
      { level: 0, index: 6 },
      { level: 0, index: 2 },
      { level: 1, index: 0 },
    ];
    const sums = nodes.map((node) => oracle(node, 7)!);
    assert.equal(reduced(reduceProgram(nodes, 7), sums), oracle(rootOf(7), 7));
  });

  it('passes absent children by', () => {
    assert.deepEqual(reduceProgram([{ level: 0, index: 0 }], 1), [0]);
    assert.equal(oracle(rootOf(5), 5), '(((0+1)+(2+3))+4)');
    const nodes = [0, 1, 2, 3, 4].map((index) => ({ level: 0, index }));
    assert.deepEqual(reduceProgram(nodes, 5), [0, 1, '+', 2, 3, '+', '+', 4, '+']);
    assert.deepEqual(reduceProgram([{ level: 3, index: 0 }], 3), [0], 'a part that reaches beyond the last leaf');
    const wide = [0, 1].map((index) => ({ level: 2, index }));
    assert.deepEqual(reduceProgram(wide, 5), [0, 1, '+']);
  });

  it('takes a node that reaches beyond the leaves that have rows, when it knows the root of all', () => {
    const pair = (index: number): Node => ({ level: 1, index });
    assert.deepEqual(reduceProgram([pair(0)], 1, rootOf(8)), [0]);
    assert.deepEqual(reduceProgram([pair(0), pair(1)], 3, rootOf(8)), [0, 1, '+']);
    assert.throws(() => reduceProgram([pair(0), pair(1)], 2, rootOf(8)), { code: 'SHOAL_TREE' });
  });

  it('refuses parts that leave a leaf out, that overlap, and that lie outside', () => {
    const leaf = (index: number): Node => ({ level: 0, index });
    for (const [nodes, leaves] of [
      [[leaf(0)], 2],
      [[], 1],
      [[leaf(0), leaf(1), { level: 1, index: 0 }], 2],
      [[leaf(0), leaf(1), leaf(2)], 2],
    ] as const)
      assert.throws(() => reduceProgram(nodes, leaves), { code: 'SHOAL_TREE' });
  });

  it('covers a range of leaves with the largest aligned nodes, left to right, each leaf once', () => {
    for (let from = 0; from < 18; from++) {
      for (let to = from; to < 18; to++) {
        const nodes = cover(from, to);
        let at = from;
        for (const node of nodes) {
          assert.equal(firstLeaf(node), at);
          at = endLeaf(node);
          const parent = { level: node.level + 1, index: Math.floor(node.index / 2) };
          assert.ok(firstLeaf(parent) < from || endLeaf(parent) > to, 'a larger node would have fit');
        }
        assert.equal(at, to);
      }
    }
  });

  it('needs slots for no more sums than the tree has levels', () => {
    for (const leaves of [1, 2, 64, 4096]) assert.equal(ladder(0, leaves).slots, Math.log2(leaves) + 1);
    // a share that begins beside a node's middle ends as more parts
    for (let leaves = 1; leaves <= 17; leaves++)
      for (const { slots } of ladders(0, leaves, 3)) assert.ok(slots <= slotsPerTeam(17, 3) && slots <= 4);
    assert.equal(slotsPerTeam(1, 3), 1);
    assert.equal(slotsPerTeam(1024, 256), 3, 'as many shares as there are on a large machine');
  });

  it('spreads rows and leaves as evenly as can be, the larger first', () => {
    assert.deepEqual(sharesOf(10, 4), [3, 3, 2, 2]);
    assert.deepEqual(sharesOf(3, 4), [1, 1, 1, 0]);
    assert.deepEqual(splitLeaves(5, 3), [
      [0, 2],
      [2, 4],
      [4, 5],
    ]);
    for (let rows = 0; rows < 40; rows++)
      for (let shards = 1; shards < 9; shards++) {
        const shares = sharesOf(rows, shards);
        assert.equal(
          shares.reduce((a, b) => a + b, 0),
          rows,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
        assert.deepEqual(
          [...shares].sort((a, b) => b - a),
          shares,
        );
      }
  });
});
