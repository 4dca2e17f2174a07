// joint.test.ts: gradients that all threads make together: which they are, and that a run has the bytes of one whose teams make them alone.
import assert from 'node:assert/strict';
import type { Job } from '../../trainer/job.ts';
import { fitsTeams, isJoint } from '../../trainer/joint.ts';
import { prepare } from '../../trainer/prepare.ts';
import { smallJob } from '../support/small-jobs.ts';
import { dataset, outcome, smallRun } from '../support/small-run.ts';

/** Two matrices of 256 KiB, and a small one. */
const wide = (regularizer: object | null = null): readonly object[] => [
  { class_name: 'InputLayer', config: { batch_shape: [null, 8, 8, 1] } },
  { class_name: 'Flatten', config: {} },
  { class_name: 'Dense', config: { units: 1024, activation: 'relu', kernel_regularizer: regularizer } },
  { class_name: 'Dropout', config: { rate: 0.3 } },
  { class_name: 'Dense', config: { units: 64, activation: 'tanh' } },
  { class_name: 'Dense', config: { units: 4, activation: 'softmax' } },
];
const l2 = { class_name: 'L2', config: { l2: 0.01 } };

const adam = (config: object) => ({ class_name: 'Adam', config: { learning_rate: 0.01, ...config } });
/** Batches of 10 and, the last, of 3 rows: fewer than there are micro-shards. */
const JOBS: Readonly<Record<string, Job>> = {
  'two micro-shards': smallJob(wide(), { batch: 10, microShards: 2 }),
  'four, bundled by two teams': smallJob(wide(), { batch: 10, microShards: 4, optimizer: adam({}) }),
  'penalties and gradients clipped by their norm': smallJob(wide(l2), {
    batch: 10,
    microShards: 4,
    optimizer: adam({ global_clipnorm: 0.1 }),
  }),
  'gradients of two steps added up': smallJob(wide(), {
    batch: 10,
    microShards: 4,
    optimizer: adam({ gradient_accumulation_steps: 2 }),
  }),
};

const jointOf = (job: Job, threads: number, teamSize?: number, local = true): readonly string[] => [
  ...prepare(job, dataset, { threads, local, ...(teamSize && { teamSize }) }).program.joint,
];

describe('gradients that threads make together', () => {
  for (const [name, job] of Object.entries(JOBS))
    it(`have the bytes of those that each team makes for its own leaves: ${name}`, async () => {
      assert.equal(jointOf(job, 2).length, 2);
      const alone = outcome(await smallRun(job, { threads: 1 }));
      for (const [threads, ranges] of [
        [2, 1],
        [2, 2],
        [4, 1],
        [3, 1],
      ] as const)
        assert.deepEqual(outcome(await smallRun(job, { threads, ranges })), alone);
    });

  it('are those of large weights, where one process trains, each thread alone in its team', () => {
    const job = JOBS['four, bundled by two teams']!;
    const [first, second] = jointOf(job, 2);
    assert.match(first!, /kernel$/);
    assert.match(second!, /kernel$/);
    assert.deepEqual(jointOf(job, 4), jointOf(job, 2));
    assert.deepEqual(jointOf(job, 1), [], 'one thread makes them as it comes to them');
    assert.deepEqual(jointOf(job, 2, undefined, false), [], 'others would have to be told where the sums stand');
    assert.deepEqual(jointOf(job, 2, 2), [], 'a team shares every call as it is');
    assert.deepEqual(jointOf(job, 3), [], 'four bundles, three teams: one team writes over what it had');
    assert.deepEqual(
      jointOf(smallJob(wide(), { batch: 10, microShards: 4, codec: 'f16' }), 2),
      [],
      'leaves are rounded',
    );
  });

  it('are of weights whose products cross: threads make each for all bundles, and meet before it and after it', () => {
    const crossing = (threads: number, mode: 'train' | 'evaluate' = 'train') => {
      const { program } = prepare(JOBS['two micro-shards']!, dataset, { threads, local: true });
      return program.plans[mode].calls.filter(({ crosses }) => crosses);
    };
    assert.deepEqual(
      crossing(2).map(({ arguments: call }) => call.kernel),
      ['gemm', 'gemm'],
    );
    assert.deepEqual(crossing(1), [], 'one thread has all bundles');
    assert.deepEqual(crossing(2, 'evaluate'), [], 'bundles of an evaluation may be more than teams');
  });

  it('may be none where products cross all the same: of large weights that are frozen', async () => {
    const frozen = wide().map((layer, i) =>
      i === 2 || i === 4 ? { ...layer, config: { ...(layer as { config: object }).config, trainable: false } } : layer,
    );
    const job = smallJob(frozen, { batch: 10, microShards: 2 });
    const { program } = prepare(job, dataset, { threads: 2, local: true });
    assert.equal(program.joint.size, 0);
    assert.equal(program.plans.train.calls.filter(({ crosses }) => crosses).length, 2);
    const alone = outcome(await smallRun(job, { threads: 1 }));
    for (const threads of [2, 3]) assert.deepEqual(outcome(await smallRun(job, { threads })), alone);
  });

  it('are not made so where they are small, or their rows do not fit a copy', () => {
    assert.equal(isJoint({ K: 256, N: 256 }, 64), true);
    assert.equal(isJoint({ K: 256, N: 255 }, 64), false);
    assert.equal(isJoint({ K: 256, N: 256 }, 0), false);
    assert.equal(isJoint({ K: 256, N: 256 }, 862), true); // 64 bytes x 862 rows x 19
    assert.equal(isJoint({ K: 256, N: 256 }, 863), false);
  });

  it('need the activations of all bundles', () => {
    assert.equal(fitsTeams(2, 2, 1), true);
    assert.equal(fitsTeams(1, 2, 1), true);
    assert.equal(fitsTeams(3, 2, 1), false);
    assert.equal(fitsTeams(1, 1, 1), false);
    assert.equal(fitsTeams(2, 2, 2), false);
  });
});
