// executor.ts: the suite that every executor passes: its parts cover the work, its sums are right, it lets go of what it was lent.
import assert from 'node:assert/strict';
import { seedWords } from '../../base/random.ts';
import { type Arena, createArena } from '../../kernels/arena.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { type Contribution, compact, expand } from '../../trainer/contribution.ts';
import type { OtherExecutor } from '../../trainer/engine.ts';
import type { Executor } from '../../trainer/executor.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import type { Job } from '../../trainer/job.ts';
import { type Prepared, prepare } from '../../trainer/prepare.ts';
import { reduceProgram, rootOf, sharesOf } from '../../trainer/tree.ts';
import { activeLeaves, type Work } from '../../trainer/work.ts';
import { relativeError } from '../support/compare.ts';
import { dataset, JOBS, outcome, smallRun } from '../support/small-run.ts';

/** An executor, and whatever must be closed with it. */
export interface OpenedExecutor {
  readonly executor: Executor;
  /** Bytes of an arena beside those of the job, that this one takes. */
  close(): Promise<void>;
}

export interface ExecutorCase {
  /** Samples and parameters lie in `arena`, as large as prepare() says. */
  open(job: Job, prepared: Prepared, arena: Arena): OpenedExecutor;
  /** How a session is given it; undefined for the default. */
  readonly session: (job: Job) => OtherExecutor | undefined;
}

/** Declares the suite. Sums must lie within `tolerance` (error norm over norm) of those of the reference kernels, leaf by leaf. */
export function testExecutor(title: string, tolerance: number, given: ExecutorCase): void {
  for (const [name, job] of Object.entries(JOBS)) {
    describe(`the ${title} executor, ${name} job`, () => {
      let bench: Bench;
      before(() => {
        bench = openBench(job, given);
      });
      after(() => bench.close());

      for (const kind of ['gradient', 'evaluate'] as const)
        for (const rows of [job.batch, job.batch - 1, 3, 1]) {
          it(`${kind}, ${rows} rows: parts of at least its unit cover the leaves once, sums within ${tolerance}, all let go once`, async () => {
            const work = workOf(job, kind, rows, 0);
            const { sums, releases } = await bench.compute(work);
            assert.deepEqual(releases, { batch: 1, parameters: 1 });
            const expected = bench.expected(work);
            if (kind === 'gradient') {
              const error = relativeError(sums.gradients, expected.gradients);
              assert.ok(error <= tolerance, `gradients are off by ${error}`);
            }
            const count = scalarsOf(bench.prepared, kind);
            const [loss, ...counts] = sums.scalars.slice(0, count);
            const [expectedLoss, ...expectedCounts] = expected.scalars.slice(0, count);
            assert.ok(Math.abs(loss! - expectedLoss!) <= tolerance * Math.abs(expectedLoss!), `${loss}`);
            assert.deepEqual(counts, expectedCounts);
          });
        }

      it('computes with the version that it is given, and the same bytes again for the same work', async () => {
        const work = workOf(job, 'gradient', job.batch, 0);
        const first = await bench.compute(work);
        const other = await bench.compute({ ...work, step: 1, version: 1 });
        assert.notDeepEqual(other.sums.gradients, first.sums.gradients);
        assert.deepEqual((await bench.compute(work)).sums, first.sums);
      });

      it('has a unit that is a power of two, and says what decides its bits', () => {
        const { unit, profile } = bench.executor;
        assert.ok(unit > 0 && Number.isInteger(Math.log2(unit)));
        assert.match(profile.arithmetic, /^(strict|fused|reference|tfjs)$/);
        assert.notEqual(profile.kernels, '');
      });

      it('trains over one range and over two to the same bytes, which its sessions own', async () => {
        const executor = given.session(job);
        const of = { ...job, epochs: 1 };
        const [one, two] = [1, 2].map((ranges) => smallRun(of, { ranges, ...(executor ? { executor } : {}) }));
        const first = await one!;
        assert.deepEqual(outcome(await two!), outcome(first));
        const start = first.events.find((event) => event.event === 'start')!;
        assert.deepEqual(start.profile, { ...bench.executor.profile, codec: job.codec });
      });

      it('is never handed less work than its unit: a session of one micro-shard with a unit of two is refused', async () => {
        const executor = given.session(job);
        const narrow = { ...job, epochs: 1, microShards: 1 };
        const run = smallRun(narrow, { ...(executor ? { executor } : {}) });
        if (bench.executor.unit === 1) assert.equal((await run).done.reason, 'done');
        else await assert.rejects(run, { code: 'SHOAL_UNIT' });
      });
    });
  }
}

const workOf = ({ microShards }: Job, kind: Work['kind'], rows: number, version: number): Work => ({
  kind,
  step: 0,
  epoch: 0,
  node: rootOf(microShards),
  version,
  shares: sharesOf(rows, microShards),
});

function scalarsOf({ program }: Prepared, kind: Work['kind']): number {
  const { counts } = program.plans[kind === 'gradient' ? 'train' : 'evaluate'];
  return 1 + counts.reduce((sum, { length }) => sum + length, 0);
}

interface Sums {
  readonly gradients: Float32Array;
  readonly scalars: readonly number[];
}

type Bench = ReturnType<typeof openBench>;
function openBench(job: Job, given: ExecutorCase) {
  const prepared = prepare(job, dataset, { threads: 2, level: 0 });
  const { program, segments } = prepared;
  const { contribution, input } = program;
  const arena = createArena(prepared.bytes);
  const { u8 } = arena.views;
  const { executor, close } = given.open(job, prepared, arena);
  const batchAt = arena.take(job.microShards * input.leafBytes);
  const versions = [0, 1].map((version) => {
    const at = arena.take(contribution.scalarsAt);
    const memory = arena.views.f32.subarray(at / 4, (at + contribution.scalarsAt) / 4);
    expand(segments, initializeParameters(job.model, 10 + version), memory);
    return u8.subarray(at, at + contribution.scalarsAt);
  });
  const vector = (bytes: Uint8Array) =>
    compact(segments, new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));

  /** The first rows of the training part, leaf by leaf. */
  function place(work: Work): void {
    u8.fill(0xff, batchAt, batchAt + job.microShards * input.leafBytes);
    let sample = 0;
    work.shares.forEach((rows, leaf) => {
      for (let row = 0; row < rows; row++) {
        const field = ({ at, rowBytes }: { at: number; rowBytes: number }) => {
          const start = batchAt + leaf * input.leafBytes + at + row * rowBytes;
          return u8.subarray(start, start + rowBytes);
        };
        dataset.train.read(sample++, { image: field(input.fields.image), label: field(input.fields.label) });
      }
    });
  }

  /** Sums of all parts, added in f64, once it is checked that they cover the work and nothing else. */
  function sumsOf(work: Work, { parts }: Contribution): Sums {
    reduceProgram(
      parts.map((part) => part.node),
      activeLeaves(work),
      work.node,
    );
    for (const { node, bytes } of parts) {
      assert.ok(2 ** node.level >= executor.unit, `a part of level ${node.level}`);
      assert.equal(bytes.length, contribution.bytes);
    }
    return added(
      parts.map(({ bytes }) => bytes.slice()),
      contribution.scalarsAt,
    );
  }
  function added(contributions: readonly Uint8Array[], scalarsAt: number): Sums {
    const sum = (lists: readonly (readonly number[])[]) => lists.reduce((a, b) => a.map((value, i) => value + b[i]!));
    return {
      gradients: Float32Array.from(sum(contributions.map((c) => [...vector(c.subarray(0, scalarsAt))]))),
      scalars: sum(contributions.map((c) => [...new Float64Array(c.buffer, c.byteOffset + scalarsAt)])),
    };
  }

  return {
    executor,
    prepared,
    close,
    async compute(work: Work) {
      place(work);
      const releases = { batch: 0, parameters: 0 };
      const bytes = u8.subarray(batchAt, batchAt + job.microShards * input.leafBytes);
      const contributed = await executor.compute(
        work,
        { bytes, release: () => void releases.batch++ },
        {
          version: work.version,
          bytes: versions[work.version]!,
          ready: Promise.resolve(),
          release: () => void releases.parameters++,
        },
        new AbortController().signal,
      );
      await contributed.ready;
      return { sums: sumsOf(work, contributed), releases };
    },
    /** The same sums, leaf by leaf with the reference kernels. */
    expected(work: Work): Sums {
      const runner = createHostRunner(program, segments, referenceKernels, seedWords(job.seed));
      const { views, at } = runner;
      runner.load(vector(versions[work.version]!));
      let slot = 0;
      const leaves: Uint8Array[] = [];
      for (const [leaf, rows] of work.shares.entries()) {
        if (rows === 0) continue;
        const from = batchAt + leaf * input.leafBytes;
        views.u8.set(u8.subarray(from, from + input.leafBytes), at.input);
        runner.run(work.kind === 'gradient' ? 'train' : 'evaluate', { rows, slot, step: work.version });
        leaves.push(views.u8.slice(at.contribution, at.contribution + contribution.bytes));
        slot += rows;
      }
      return added(leaves, contribution.scalarsAt);
    },
  };
}
