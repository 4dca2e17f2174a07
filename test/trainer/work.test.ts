// work.test.ts: pieces of work cut into bundles of leaves.
import assert from 'node:assert/strict';
import { endLeaf, firstLeaf, type Node, rootOf, sharesOf } from '../../trainer/tree.ts';
import { activeLeaves, bundlesOf, rowsOf, type Work } from '../../trainer/work.ts';

const workOf = (rows: number, microShards: number, node: Node = rootOf(microShards)): Work => ({
  kind: 'gradient',
  step: 0,
  epoch: 0,
  node,
  version: 0,
  shares: sharesOf(rows, microShards),
});

describe('bundles of leaves', () => {
  it('cover the leaves with rows once and in order, with their rows and places, at any level and for any rows', () => {
    for (const microShards of [1, 2, 3, 4, 5, 8, 13])
      for (let rows = 1; rows <= 2 * microShards + 1; rows++)
        for (const level of [0, 1, 2, 5]) {
          const work = workOf(rows, microShards);
          let leaf = 0;
          let slot = 0;
          for (const bundle of bundlesOf(work, level)) {
            assert.ok(bundle.node.level <= level);
            assert.equal(firstLeaf(bundle.node), leaf);
            assert.equal(bundle.slot, slot);
            assert.equal(bundle.rows, bundle.leafEnds.at(-1));
            let end = 0;
            for (const leafEnd of bundle.leafEnds) {
              end += work.shares[leaf++]!;
              assert.equal(leafEnd, end);
            }
            assert.equal(leaf, Math.min(endLeaf(bundle.node), activeLeaves(work)));
            slot += bundle.rows;
          }
          assert.deepEqual([leaf, slot], [activeLeaves(work), rowsOf(work)]);
        }
  });

  it('of a part of the tree begin at its leaves, and are no larger than it', () => {
    const right = { level: 1, index: 1 }; // leaves 2 and 3 of 3, 3, 2, 2 rows
    assert.deepEqual(bundlesOf(workOf(10, 4, right), 2), [{ node: right, rows: 4, slot: 6, leafEnds: [2, 4] }]);
    const leaf = (index: number, rows: number, slot: number) => ({
      node: { level: 0, index },
      rows,
      slot,
      leafEnds: [rows],
    });
    assert.deepEqual(bundlesOf(workOf(10, 4, right), 0), [leaf(2, 2, 6), leaf(3, 2, 8)]);
    assert.deepEqual(bundlesOf(workOf(3, 4, right), 0), [leaf(2, 1, 2)]);
  });
});
