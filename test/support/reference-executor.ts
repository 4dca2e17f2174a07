// reference-executor.ts: an executor in every way unlike the pool's: two leaves are one device batch, in a memory of its own, by the
// reference kernels, on this thread. It shows what the interfaces promise; it is slow.
import { seedWords } from '../../base/random.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { compact, type Part } from '../../trainer/contribution.ts';
import type { OtherExecutor } from '../../trainer/engine.ts';
import type { Batch, Executor, Pinned } from '../../trainer/executor.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import type { Job } from '../../trainer/job.ts';
import type { Program } from '../../trainer/plan.ts';
import { type Prepared, prepare } from '../../trainer/prepare.ts';
import { endLeaf, firstLeaf } from '../../trainer/tree.ts';
import { activeLeaves, type Work } from '../../trainer/work.ts';
import { dataset } from './small-run.ts';

/** For sessions of this job; its samples must be shaped as those of small-run.ts. */
export const referenceExecutor = (job: Job): OtherExecutor => ({
  staging: Math.ceil(job.microShards / 2),
  create: (prepared) => createReferenceExecutor(job, prepared),
});

export function createReferenceExecutor(job: Job, { program, segments }: Prepared): Executor {
  // the same model compiled for both leaves at once: one micro-shard of twice the rows
  const pair = { ...job, batch: 2 * program.rows, microShards: 1 };
  const wide = prepare(pair, dataset, { threads: 1 }).program;
  const runner = createHostRunner(wide, segments, referenceKernels, seedWords(job.seed));
  const { views, at } = runner;
  let loaded = -1;

  /** One device batch: leaves `first` and, where it has rows, the next. */
  function computePair(work: Work, batch: Batch, first: number): Uint8Array {
    const shares = work.shares.slice(first, first + 2);
    const place = work.shares.slice(0, first).reduce((a, b) => a + b, 0);
    gather(wide, program, batch.bytes, first, shares, views.u8.subarray(at.input, at.input + wide.input.leafBytes));
    const rows = shares.reduce((a, b) => a + b, 0);
    const mode = work.kind === 'gradient' ? 'train' : 'evaluate';
    runner.run(mode, { rows, slot: place, step: work.version });
    return views.u8.slice(at.contribution, at.contribution + wide.contribution.bytes);
  }

  return {
    profile: { arithmetic: 'reference', kernels: 'kernels/reference.ts' },
    unit: 2,
    async compute(work: Work, batch: Batch, parameters: Pinned) {
      const from = firstLeaf(work.node);
      const to = Math.min(endLeaf(work.node), activeLeaves(work));
      const parts: Part[] = [];
      for (let leaf = from; leaf < to; leaf += 2)
        parts.push({ node: { level: 1, index: leaf / 2 }, bytes: new Uint8Array(wide.contribution.bytes) });
      async function fill(): Promise<void> {
        await parameters.ready;
        if (loaded !== parameters.version) {
          const { buffer, byteOffset, byteLength } = parameters.bytes;
          runner.load(compact(segments, new Float32Array(buffer, byteOffset, byteLength / 4)));
        }
        loaded = parameters.version;
        for (const { node, bytes } of parts) bytes.set(computePair(work, batch, firstLeaf(node)));
        batch.release();
        parameters.release();
      }
      const ready = fill();
      ready.catch(() => {}); // whoever waits for the sums hears of it
      return { parts, ready };
    },
    async close() {},
  };
}

/** Copies the rows of two leaves, which lie apart in a batch, into one micro-shard of the wide layout. */
function gather(
  wide: Program,
  narrow: Program,
  batch: Uint8Array,
  first: number,
  shares: readonly number[],
  into: Uint8Array,
): void {
  for (const field of ['image', 'label'] as const) {
    const { at, rowBytes } = narrow.input.fields[field];
    let to = wide.input.fields[field].at;
    shares.forEach((rows, i) => {
      const from = (first + i) * narrow.input.leafBytes + at;
      into.set(batch.subarray(from, from + rows * rowBytes), to);
      to += rows * rowBytes;
    });
  }
}
