// claims.test.ts: every way in which pairs of teams can meet, followed with strings in place of sums: "((0+1)+2)".
import assert from 'node:assert/strict';
import { claimedShares, fixedShares, mostOutcomes, outcomesOf, type Shares } from '../../trainer/claims.ts';
import { endLeaf, firstLeaf, type Node, nodeName, reduceProgram, rootOf } from '../../trainer/tree.ts';

/** What the tree says of the leaves below `end`, a sum of two with the smaller first: it has the same bits either way. */
function oracle(node: Node, end: number): string | null {
  if (firstLeaf(node) >= end) return null;
  if (node.level === 0) return `${node.index}`;
  const [left, right] = [0, 1].map((i) => oracle({ level: node.level - 1, index: 2 * node.index + i }, end));
  return right === null ? left! : sum(left!, right!);
}
const sum = (a: string, b: string): string => `(${[a, b].sort().join('+')})`;

/** How many bundles each team computes, where the pairs have met in the way of that number. */
function countsOf({ ladders, pairs }: Shares, outcome: number): number[] {
  const counts = ladders.map(({ steps }) => steps.length);
  for (const { team, bundles, stride } of pairs) {
    const front = 1 + (Math.floor(outcome / stride) % (bundles - 1));
    counts[team] = front;
    counts[team + 1] = bundles - front;
  }
  return counts;
}

/** What stands in the slots of each team after so many steps of its ladder. */
function computed({ ladders }: Shares, counts: readonly number[]): ReadonlyMap<number, string>[] {
  return ladders.map(({ steps, slots }, team) => {
    const held = new Map<number, string>();
    for (const { leaf, slot, siblings } of steps.slice(0, counts[team])) {
      assert.ok(slot < slots && !held.has(slot), `leaf ${leaf} would overwrite slot ${slot}`);
      let made = `${leaf}`;
      for (const sibling of siblings) {
        made = sum(held.get(sibling)!, made);
        held.delete(sibling);
      }
      held.set(slot, made);
    }
    return held;
  });
}

/** Each outcome's parts are what stands in the slots, no more and no less, and add up to the node that covers the bundles. */
function check(shares: Shares, root: Node, end: number): void {
  for (const [number, parts] of shares.outcomes().entries()) {
    const held = computed(shares, countsOf(shares, number));
    for (const { team, slot, node } of parts) assert.equal(held[team]!.get(slot), oracle(node, end), nodeName(node));
    assert.equal(
      parts.length,
      held.reduce((all, { size }) => all + size, 0),
    );
    const stack: string[] = [];
    for (const entry of reduceProgram(
      parts.map(({ node }) => node),
      end,
      root,
    )) {
      if (entry === '+') stack.push(sum(stack.pop()!, stack.pop()!));
      else stack.push(held[parts[entry]!.team]!.get(parts[entry]!.slot)!);
    }
    assert.deepEqual(stack, [oracle(root, end)], `outcome ${number}`);
  }
}

describe('bundles that teams share', () => {
  it('add up to the same tree of 1 to 17 leaves wherever 1 to 5 teams meet, each leaf computed once', () => {
    for (let bundles = 1; bundles <= 17; bundles++)
      for (let teams = 1; teams <= 5; teams++) {
        const shares = claimedShares(0, bundles, teams);
        assert.equal(shares.outcomes().length, outcomesOf(bundles, teams));
        assert.ok(shares.outcomes().length <= mostOutcomes(17, teams));
        check(shares, rootOf(bundles), bundles);
        check(fixedShares(0, bundles, teams), rootOf(bundles), bundles);
      }
  });

  it('add up to any node of the tree', () => {
    const node = { level: 3, index: 1 };
    check(claimedShares(firstLeaf(node), 8, 2), node, endLeaf(node));
    check(claimedShares(firstLeaf(node), 8, 4), node, endLeaf(node));
    check(claimedShares(firstLeaf(node), 5, 2), node, firstLeaf(node) + 5);
  });

  it('leave no team without a bundle where there is one for each', () => {
    for (let teams = 1; teams <= 6; teams++) {
      const shares = claimedShares(0, 12, teams);
      for (const number of shares.outcomes().keys()) assert.ok(Math.min(...countsOf(shares, number)) >= 1);
    }
  });

  it('are fixed where pairs could meet in more than 1,024 ways', () => {
    assert.equal(outcomesOf(64, 8), 15 ** 4);
    const made = (shares: Shares) => ({ ...shares, outcomes: shares.outcomes() });
    assert.deepEqual(made(claimedShares(0, 64, 8)), made(fixedShares(0, 64, 8)));
    assert.equal(claimedShares(0, 64, 2).outcomes().length, 63);
    assert.equal(mostOutcomes(64, 2), 63);
    assert.equal(mostOutcomes(64, 8), 7 * 5 ** 3); // of 26 bundles
  });
});
