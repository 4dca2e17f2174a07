// range-server.test.ts: what several range servers make of node sums, beside the in-process store's bytes.
import assert from 'node:assert/strict';
import { seedWords } from '../../base/random.ts';
import { flatRanges } from '../../cluster/flat-ranges.ts';
import { createRangeServer } from '../../cluster/range-server.ts';
import { createVotes } from '../../cluster/votes.ts';
import { sampler } from '../../datasets/sampler.ts';
import { loadKernels } from '../../kernels/load.ts';
import { compact } from '../../trainer/contribution.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import type { Job } from '../../trainer/job.ts';
import { type Prepared, prepare } from '../../trainer/prepare.ts';
import { mostRanges } from '../../trainer/ranges.ts';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { scalarsOf } from '../../trainer/step-scalars.ts';
import { endLeaf, firstLeaf, type Node, sharesOf } from '../../trainer/tree.ts';
import { boundedMlp, mlp, smallDataset, smallJob } from '../support/small-jobs.ts';
import { smallRun } from '../support/small-run.ts';

const BATCH = 30; // over 8 micro-shards: ragged; 96 samples: the last batch has 6 rows, two leaves none
const dataset = smallDataset(96, 8);

/** Sums of each leaf with rows in one step, by a runner of its own. */
function leafSums(job: Job, prepared: Prepared, parameters: Float32Array, step: number): Float32Array[] {
  const { program, segments } = prepared;
  const runner = createHostRunner(program, segments, loadKernels(), seedWords(job.seed));
  runner.load(parameters);
  const { indices, stepsPerEpoch } = sampler({ length: 96, batch: BATCH, seed: job.seed, shuffle: true });
  const rows = indices(Math.floor(step / stepsPerEpoch), step % stepsPerEpoch);
  const { fields } = program.input;
  let slot = 0;
  return sharesOf(rows.length, job.microShards)
    .filter((count) => count > 0)
    .map((count) => {
      for (let row = 0; row < count; row++) {
        const into = (name: 'image' | 'label') => {
          const start = runner.at.input + fields[name].at + row * fields[name].rowBytes;
          return runner.views.u8.subarray(start, start + fields[name].rowBytes);
        };
        dataset.train.read(rows[slot + row]!, { image: into('image'), label: into('label') });
      }
      runner.run('train', { rows: count, slot, step });
      slot += count;
      const at = runner.at.contribution >>> 2;
      return compact(segments, runner.views.f32.subarray(at, at + program.contribution.scalarsAt / 4));
    });
}

/** left + right in the tree, in plain f32. */
function nodeSums(leaves: readonly Float32Array[], node: Node): Float32Array {
  if (node.level === 0) return leaves[node.index]!;
  const left = nodeSums(leaves, { level: node.level - 1, index: 2 * node.index });
  const other = { level: node.level - 1, index: 2 * node.index + 1 };
  if (firstLeaf(other) >= leaves.length) return left;
  const right = nodeSums(leaves, other);
  return left.map((x, i) => x + right[i]!);
}

/** The step's nodes: another cut of the tree every time. */
function someNodes(turn: number, leaves: number): readonly Node[] {
  const cut = (node: Node, depth: number): Node[] => {
    if (firstLeaf(node) >= leaves) return [];
    if (node.level === 0 || (turn * 7 + node.index * 3 + depth) % 3 === 0) return [node];
    return [0, 1].flatMap((side) => cut({ level: node.level - 1, index: 2 * node.index + side }, depth + 1));
  };
  return cut({ level: 3, index: 0 }, 1).filter((node) => endLeaf(node) > 0);
}

describe('range servers', () => {
  const sgd = { class_name: 'SGD', config: { learning_rate: 0.1, momentum: 0.9, nesterov: true } };
  const adamW = { class_name: 'AdamW', config: {} };
  /** Here slots stand apart from their next values; the in-process store writes them in place. */
  const others = [
    ['AMSGrad', 'Adam', { amsgrad: true }],
    ['Nadam', 'Nadam', {}],
    ['RMSprop', 'RMSprop', {}],
    ['RMSprop, centered, with momentum', 'RMSprop', { centered: true, momentum: 0.9 }],
    ['Adagrad', 'Adagrad', {}],
    ['Adadelta', 'Adadelta', { learning_rate: 1 }],
    ['Adamax', 'Adamax', {}],
    ['Lion', 'Lion', {}],
  ] as const;
  const averaged = { use_ema: true, ema_momentum: 0.8, ema_overwrite_frequency: 3 };
  const clippedLamb = { class_name: 'Lamb', config: { global_clipnorm: 0.5, weight_decay: 0.1, ...averaged } };
  const gatheredLars = {
    class_name: 'LARS',
    config: {
      ...{ weight_decay: 0.1, exclude_from_weight_decay: ['bias'], clipnorm: 0.1, gradient_accumulation_steps: 3 },
      ...{ use_ema: true, ema_overwrite_frequency: 2 },
    },
  };
  const clippedLion = { class_name: 'Lion', config: { clipvalue: 0.01, gradient_accumulation_steps: 2 } };
  for (const [name, optimizer, layers, counts] of [
    ['SGD with momentum', sgd, mlp, [1, 2, 3, 7]],
    ['Adam', adamW, mlp, [1, 2, 3, 7]],
    ['penalties and bounds', adamW, boundedMlp, [1, 2, 3, 6]],
    ...others.map(([of, class_name, config]) => [of, { class_name, config }, mlp, [2]] as const),
    ['LAMB clipped by the norm of all, replaced by averages', clippedLamb, mlp, [2, 3]],
    ['LARS clipped tensor by tensor, of three batches at a time, replaced by averages', gatheredLars, mlp, [2, 3]],
    ['the same with penalties and bounds', gatheredLars, boundedMlp, [2]],
    ['Lion clipped value by value', clippedLion, mlp, [2, 3]],
  ] as const) {
    for (const servers of counts)
      it(`${servers} of them make the bytes of the in-process store, ${name}, ragged batches, the tree cut anew each step`, async () => {
        const job = smallJob(layers, { optimizer, batch: BATCH, microShards: 8, epochs: 2 });
        const { saved } = await smallRun(job, { dataset, threads: 1 });
        const snapshot = saved.at(-1)!;
        const prepared = prepare(job, dataset, { threads: 1 });
        const { segments, optimizer: kind, optimizerConfig } = prepared;
        const kernels = loadKernels();
        const ranges = flatRanges(segments, servers);
        const owners = ranges.map((range) =>
          createRangeServer({ phases: [segments], optimizer: kind, optimizerConfig, microShards: 8, range, kernels }),
        );
        const first = firstSnapshot(job);
        const vectors = [first.parameters, ...Object.values(first.slots)];
        for (const { range, load } of owners)
          for (const [i, vector] of vectors.entries()) load(0, i, range.from, vector.subarray(range.from, range.to));
        const whole = (version: number, vector: number) =>
          Float32Array.from(owners.flatMap((owner) => [...owner.read(version, vector)]));
        for (let step = 0; step < 8; step++) {
          const leaves = leafSums(job, prepared, whole(step, 0), step);
          const nodes = someNodes(step, leaves.length);
          for (const { range, store } of owners) {
            for (const node of nodes.toReversed()) {
              const own = nodeSums(leaves, node).subarray(range.from, range.to);
              const half = Math.floor(own.length / 2);
              store(node, range.from + half, own.subarray(half)); // in slices, the later one first
              store(node, range.from, own.subarray(0, half));
            }
            store({ level: 3, index: 9 }, range.from, new Float32Array(1).fill(5)); // nobody adds this one
          }
          const scalars = scalarsOf(kind, optimizerConfig, { samples: 96, batch: BATCH }, step + 1).map(Math.fround);
          const votes: (readonly number[])[] = [];
          const known = () => ({ version: step, phase: 0, nodes, leaves: leaves.length, scalars, votes });
          const polls = createVotes(segments, kind, optimizerConfig, ranges);
          for (let round = 0; round < polls.rounds(step + 1); round++) {
            const own = owners.map((owner) => owner.vote(known()));
            assert.deepEqual(owners[0]!.vote(known()), own[0], 'asked twice');
            votes.push(polls.join(round, own, step + 1)!);
          }
          for (const owner of owners) owner.apply(known());
        }
        assert.deepEqual(whole(8, 0), snapshot.parameters);
        Object.values(snapshot.slots).forEach((slot, i) => {
          assert.deepEqual(whole(8, 1 + i), slot);
        });
      });
  }

  it('are cut at update blocks, without holes, and the model says how many at most', () => {
    const { segments } = prepare(smallJob(mlp), dataset, { threads: 1 });
    const last = segments.at(-1)!;
    for (let count = 1; count <= mostRanges(segments); count++) {
      const ranges = flatRanges(segments, count);
      assert.equal(ranges[0]!.from, 0);
      assert.equal(ranges.at(-1)!.to, last.flat + last.length);
      for (const [i, range] of ranges.entries()) {
        assert.ok(range.to > range.from);
        if (i > 0) assert.equal(range.from, ranges[i - 1]!.to);
      }
    }
  });

  it('refuse slices that are not theirs and updates with sums that are not there', () => {
    const { segments, optimizer, optimizerConfig } = prepare(smallJob(mlp), dataset, { threads: 1 });
    const [, range] = flatRanges(segments, 2);
    const kernels = loadKernels();
    const owner = createRangeServer({
      phases: [segments],
      optimizer,
      optimizerConfig,
      microShards: 8,
      range: range!,
      kernels,
    });
    assert.throws(() => owner.load(0, 0, 0, new Float32Array(4)), { code: 'SHOAL_RANGE' });
    assert.throws(
      () =>
        owner.apply({
          version: 0,
          phase: 0,
          nodes: [{ level: 3, index: 0 }],
          leaves: 8,
          scalars: [1, 1, 1],
          votes: [],
        }),
      { code: 'SHOAL_TREE' },
    );
  });
});
