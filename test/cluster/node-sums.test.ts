// node-sums.test.ts: the sums of a node taken piece by piece, in any order, against plain additions along the tree.
import assert from 'node:assert/strict';
import { without } from '../../cluster/flat-ranges.ts';
import { createSums, nodeSumsBytes } from '../../cluster/node-sums.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { compact, lengthOf, memoryBytes, movingOf } from '../../trainer/contribution.ts';
import { reduceProgram, rootOf } from '../../trainer/tree.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { mix } from '../support/simulator/toy.ts';
import { smallJob, wideMlp } from '../support/small-jobs.ts';

const job = smallJob(wideMlp, { microShards: 8 });
const { weights } = segmentsOf(job.model);
const segments = movingOf(weights);
const bytes = memoryBytes(segments);
const length = lengthOf(segments);

/** Parts of the first five of eight leaves, filled with numbers that differ, in an arena with the maker. */
function setUp(count: 1 | 3) {
  const arena = createArena(nodeSumsBytes(weights, 8) + 3 * (bytes + 512) + 4096);
  const nodes =
    count === 1
      ? [rootOf(8)]
      : [
          { level: 1, index: 0 },
          { level: 1, index: 1 },
          { level: 0, index: 4 },
        ];
  const parts = nodes.map((node, part) => {
    const at = arena.take(bytes);
    const floats = arena.views.f32.subarray(at >>> 2, (at + bytes) >>> 2);
    for (let i = 0; i < floats.length; i++) floats[i] = Math.fround(Math.sin(i * (part + 1)) * 10 ** (part - 1));
    return { node, bytes: arena.views.u8.subarray(at, at + bytes), floats };
  });
  const sums = createSums({ arena, kernels: loadKernels(), segments: weights, microShards: 8 });
  const work = {
    kind: 'gradient',
    step: 0,
    epoch: 0,
    node: rootOf(8),
    version: 0,
    shares: [1, 1, 1, 1, 1, 0, 0, 0],
  } as const;
  return { parts, sums, work };
}

function expectedOf(parts: ReturnType<typeof setUp>['parts']): Float32Array {
  const stack: Float32Array[] = [];
  const nodes = parts.map(({ node }) => node);
  for (const entry of reduceProgram(nodes, 5, rootOf(8))) {
    if (entry !== '+') stack.push(parts[entry]!.floats);
    else {
      const right = stack.pop()!;
      stack.push(stack.pop()!.map((left, i) => left + right[i]!));
    }
  }
  return compact(segments, stack[0]!);
}

describe('the sums of a node', () => {
  for (const count of [1, 3] as const)
    it(`of ${count} parts are the tree's to the bit, taken in 20 random orders of pieces, the others while they still change`, () => {
      const { parts, sums, work } = setUp(count);
      const expected = expectedOf(parts);
      for (let seed = 0; seed < 20; seed++) {
        const taken: { from: number; to: number }[] = [];
        const node = sums.of(parts, work);
        // what is not taken yet is not there yet
        const kept = parts.map(({ floats }) => floats.slice());
        for (const { floats } of parts) floats.fill(Number.NaN);
        for (let i = 0; i < 4; i++) {
          const from = Math.floor(mix(seed, 1, i) * length);
          const wanted = { from, to: Math.min(length, from + Math.floor(mix(seed, 2, i) * 90_000)) };
          const ranges = without(wanted, taken);
          for (const s of segments)
            for (const { from: a, to: b } of ranges) {
              const [first, end] = [Math.max(a, s.flat), Math.min(b, s.flat + s.length)];
              if (first >= end) continue;
              const [at, to] = [s.at + first - s.flat, s.at + end - s.flat];
              parts.forEach(({ floats }, part) => {
                floats.set(kept[part]!.subarray(at, to), at);
              });
            }
          node.take(ranges);
          taken.push(...ranges);
          for (const { from: a, to: b } of taken)
            assert.ok(Buffer.from(node.values.slice(a, b).buffer).equals(Buffer.from(expected.slice(a, b).buffer)));
        }
        parts.forEach(({ floats }, part) => {
          floats.set(kept[part]!);
        });
        node.finish();
        assert.deepEqual(node.values, expected);
      }
    });
});
