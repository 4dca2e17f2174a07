// plan-finals.test.ts: which sums stand before a backward pass has ended: by the plan, and by what compute threads really leave alone.
import assert from 'node:assert/strict';
import { seedWords } from '../../base/random.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { expand, type FlatRange, lengthOf, movingOf } from '../../trainer/contribution.ts';
import { FINALS } from '../../trainer/control.ts';
import { profileOf } from '../../trainer/engine.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import type { Segment } from '../../trainer/model.ts';
import { finalShares, finalsOf } from '../../trainer/plan-finals.ts';
import { createPool } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { rootOf, sharesOf } from '../../trainer/tree.ts';
import { createWasmExecutor } from '../../trainer/wasm-executor.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { smallJob, wideMlp } from '../support/small-jobs.ts';
import { dataset } from '../support/small-run.ts';

/** Tensors "0", "1", ... of these lengths, one after another. */
function tensors(...lengths: number[]): readonly Segment[] {
  let flat = 0;
  return lengths.map((length, i) => {
    const segment = { path: String(i), length, shape: [length], flat, at: flat } satisfies Segment;
    flat += length;
    return segment;
  });
}

describe('sums that stand early', () => {
  const KI = 1024;

  it('are gathered to 65,536 elements; what is written last waits for the end', () => {
    const segments = tensors(70 * KI, 100, 40 * KI, 30 * KI, 10);
    const written = [
      { call: 5, paths: ['4'] },
      { call: 7, paths: ['3'] },
      { call: 9, paths: ['2', '1'] },
      { call: 12, paths: ['0'] },
    ];
    assert.deepEqual(finalsOf(segments, written), [{ call: 9, ranges: [{ from: 70 * KI, to: 140 * KI + 110 }] }]);
  });

  it('are told apart where layers were not written in their order', () => {
    const segments = tensors(80 * KI, 5, 90 * KI);
    const written = [2, 0, 1].map((tensor, i) => ({ call: i, paths: [String(tensor)] }));
    assert.deepEqual(
      finalsOf(segments, written).map(({ ranges }) => ranges),
      [[{ from: 80 * KI + 5, to: 170 * KI + 5 }], [{ from: 0, to: 80 * KI }]],
    );
  });

  it(`are told at most ${FINALS} times, and of frozen tensors never`, () => {
    const segments = tensors(...Array.from({ length: 20 }, () => 70 * KI)).map(
      (it, i): Segment => (i < 5 ? { ...it, frozen: true } : it),
    );
    const written = Array.from({ length: 15 }, (_, i) => ({ call: i, paths: [String(19 - i)] }));
    const finals = finalsOf(segments, written);
    assert.equal(finals.length, FINALS);
    assert.deepEqual(finals[0]!.ranges, [{ from: 14 * 70 * KI, to: 15 * 70 * KI }]);
  });

  it('stand after the share of the work that their call and those before it are', () => {
    const finals = [1, 2].map((call) => ({ call, ranges: [{ from: call, to: call + 1 }] }));
    const shares = finalShares(
      finals,
      [5, 5, 6, 4].map((flops) => ({ flops })),
    );
    assert.deepEqual(shares, [
      { share: 0.5, ranges: [{ from: 1, to: 2 }] },
      { share: 0.8, ranges: [{ from: 2, to: 3 }] },
    ]);
  });

  for (const [threads, teamSize, level] of [
    [1, 1, 0],
    [2, 1, 0],
    [2, 2, 0],
    [3, 1, 1],
  ] as const)
    it(`do not change any more: ${threads} threads in teams of ${teamSize}, bundles of ${2 ** level}, 5 of 8 micro-shards with rows`, async () => {
      const job = smallJob(wideMlp, { batch: 16, microShards: 8 });
      const prepared = prepare(job, dataset, { threads, teamSize, level });
      const { program, machine } = prepared;
      const { finals } = program.plans.train;
      assert.equal(finals.length, 2);
      const arena = createArena(prepared.bytes);
      const kernels = loadKernels();
      const { arenaBytes } = program.plans.train;
      const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes });
      const { depth } = machine;
      const { microShards } = job;
      const seed = seedWords(1);
      const profile = profileOf(kernels);
      const executor = createWasmExecutor({ pool, program, profile, seed, microShards, depth, level });
      const bytes = arena.views.u8.subarray(arena.take(microShards * program.input.leafBytes));
      const parameters = arena.views.u8.subarray(arena.take(program.contribution.scalarsAt));
      const { weights } = segmentsOf(job.model);
      expand(weights, initializeParameters(job.model, 3), arena.views.f32.subarray(parameters.byteOffset >>> 2));
      const segments = movingOf(weights);
      const shares = sharesOf(5, microShards);
      try {
        for (let step = 0; step < 3; step++) {
          bytes.fill(37 + step, 0, microShards * program.input.leafBytes);
          const work = { kind: 'gradient', step, epoch: 0, node: rootOf(microShards), version: step, shares } as const;
          const pinned = { version: step, bytes: parameters, ready: Promise.resolve(), release() {} };
          const batch = { bytes, release() {} };
          const { parts, early, ready } = await executor.compute(work, batch, pinned, new AbortController().signal);
          const copies = (ranges: readonly FlatRange[]) =>
            parts.flatMap(({ bytes: part }) => {
              const memory = new Float32Array(part.buffer, part.byteOffset, part.byteLength / 4);
              return ranges.flatMap(({ from, to }) =>
                segments
                  .filter(({ flat, length }) => flat >= from && flat + length <= to)
                  .map(({ at, length }) => memory.slice(at, at + length)),
              );
            });
          const seen: { readonly ranges: readonly FlatRange[]; readonly held: readonly Float32Array[] }[] = [];
          for await (const ranges of early!()) seen.push({ ranges, held: copies(ranges) });
          await ready;
          assert.deepEqual(
            seen.map(({ ranges }) => ranges),
            finals.map(({ ranges }) => ranges),
          );
          assert.ok(seen[0]!.held.length > 0 && seen[0]!.held[0]!.some((it) => it !== 0));
          for (const { ranges, held } of seen) assert.deepEqual(copies(ranges), held);
          const told = seen.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from, 0);
          assert.ok(told > 0.9 * lengthOf(segments));
        }
      } finally {
        await executor.close();
        await pool.close();
      }
    });
});
