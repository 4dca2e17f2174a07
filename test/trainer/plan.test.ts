// plan.test.ts: what a plan promises to threads: order where there is a barrier, none where there is none, nothing read unwritten.
import assert from 'node:assert/strict';
import { draws, seedWords, unit } from '../../base/random.ts';
import { countTiles } from '../../kernels/abi.ts';
import { loadKernels } from '../../kernels/load.ts';
import { createHostRunner, type HostRunner } from '../../trainer/host-runner.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import type { Job } from '../../trainer/job.ts';
import type { Mode } from '../../trainer/plan.ts';
import type { PlanCall } from '../../trainer/plan-builder.ts';
import { prepare } from '../../trainer/prepare.ts';
import { sameBytes } from '../support/compare.ts';
import { convNet, mlp, smallDataset, smallJob } from '../support/small-jobs.ts';

const kernels = loadKernels();
const dataset = smallDataset(40, 10);
const job = { batch: 8, microShards: 2, metrics: ['accuracy', 'confusion_matrix', { name: 'top_k', k: 2 }] };
const layer = (class_name: string, name: string, config: object, ...inputs: string[]) => ({
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
});

/** A sum of two branches, one of which reads the other's input: gradients from several readers meet. */
const branches = {
  class_name: 'Functional',
  config: {
    name: 'branches',
    layers: [
      layer('InputLayer', 'in', { batch_shape: [null, 8, 8, 1] }),
      layer('Conv2D', 'stem', { filters: 4, kernel_size: 3, padding: 'same', activation: 'relu' }, 'in'),
      layer('Conv2D', 'left', { filters: 4, kernel_size: 3, padding: 'same', activation: 'tanh' }, 'stem'),
      layer('AveragePooling2D', 'right', { pool_size: 3, strides: 1, padding: 'same' }, 'stem'),
      layer('Add', 'sum', {}, 'left', 'right', 'stem'),
      layer('Activation', 'relu', { activation: 'relu' }, 'sum'),
      layer('Flatten', 'flat', {}, 'relu'),
      layer('Dense', 'out', { units: 4, activation: 'softmax' }, 'flat'),
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [['out', 0, 0]],
  },
};

const JOBS: Readonly<Record<string, Job>> = {
  'a convolutional net': smallJob(convNet, job),
  'an MLP': smallJob(mlp, job),
  'branches that meet in a sum': smallJob([], { ...job, model: branches }),
};

/** Runs some tiles of all calls of a plan: how is what the tests vary. */
type Order = (calls: readonly PlanCall[], rows: number, tiles: HostRunner['tiles']) => void;
const inOrder: Order = (calls, rows, tiles) => {
  for (const call of calls) tiles(call, 0, countTiles(call.tiles, rows));
};

/** A job's plans, with parameters and samples in place. */
function runnerOf(of: Job, rows: number) {
  const { program, segments } = prepare(of, dataset, { threads: 1 });
  const runner = createHostRunner(program, segments, kernels, seedWords(of.seed));
  const { views, at } = runner;
  runner.load(initializeParameters(of.model, 3));
  const word = draws([9, 0], 0, 0, 0);
  const { image, label } = program.input.fields;
  for (let i = 0; i < rows * image.rowBytes; i++) views.u8[at.input + image.at + i] = 255 * unit(word(i));
  for (let row = 0; row < rows; row++) views.u8[at.input + label.at + row * label.rowBytes] = word(1e6 + row) & 3;
  const bytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
  return {
    program,
    fillArena: (value: number) => views.u8.fill(value, at.arena, at.arena + bytes),
    /** A copy of the contribution. Rows begin at place 3 of the batch, in step 5. */
    run(mode: Mode, count: number, order: Order = inOrder): Uint8Array {
      views.u8.fill(0xff, at.contribution, at.contribution + program.contribution.bytes);
      runner.bind({ rows: count, slot: 3, step: 5 });
      order(program.plans[mode].calls, count, runner.tiles);
      return views.u8.slice(at.contribution, at.contribution + program.contribution.bytes);
    },
  };
}

/** Calls between which no thread waits, group by group. */
function groupsOf(calls: readonly PlanCall[]): PlanCall[][] {
  const groups: PlanCall[][] = [];
  for (const call of calls) {
    if (call.barrier || groups.length === 0) groups.push([]);
    groups.at(-1)!.push(call);
  }
  return groups;
}

/** A team of `threads` in which each thread does all its shares of a group before the next thread has begun; the last first. */
const skewed =
  (threads: number): Order =>
  (calls, rows, tiles) => {
    for (const group of groupsOf(calls))
      for (let thread = threads - 1; thread >= 0; thread--)
        for (const call of group) {
          const count = countTiles(call.tiles, rows);
          tiles(call, Math.floor((count * thread) / threads), Math.floor((count * (thread + 1)) / threads));
        }
  };

/** Each group's calls last to first. */
const reversed: Order = (calls, rows, tiles) => {
  for (const group of groupsOf(calls)) for (const call of group.reverse()) tiles(call, 0, countTiles(call.tiles, rows));
};

const MODES: readonly Mode[] = ['train', 'evaluate'];

for (const [name, of] of Object.entries(JOBS)) {
  describe(`the plan of ${name}`, () => {
    it('gives the same bytes however the threads of a team run ahead of each other between barriers', () => {
      const { program, run } = runnerOf(of, 4);
      const { calls } = program.plans.train;
      assert.ok(groupsOf(calls).length < calls.length, 'nothing is independent');
      for (const mode of MODES) {
        const expected = run(mode, 4);
        for (const order of [reversed, skewed(2), skewed(3), skewed(7)])
          assert.ok(sameBytes(run(mode, 4, order), expected), mode);
      }
    });

    it('reads nothing of its memory that it has not written: NaN everywhere before it changes no byte', () => {
      const { fillArena, run } = runnerOf(of, 4);
      for (const mode of MODES)
        for (const rows of [4, 3, 1]) {
          fillArena(0);
          const expected = run(mode, rows);
          fillArena(0xff);
          assert.ok(sameBytes(run(mode, rows), expected), `${mode}, ${rows} rows`);
        }
    });

    it('gives fewer rows the same bytes as a plan compiled for them', () => {
      const wide = runnerOf(of, 2);
      const narrow = runnerOf({ ...of, batch: 4 }, 2);
      for (const mode of MODES) assert.ok(sameBytes(wide.run(mode, 2), narrow.run(mode, 2)), mode);
    });

    it('names the layer and the pass of every call, and counts the arithmetic of one sample', () => {
      const { program } = runnerOf(of, 1);
      for (const { calls, flops } of Object.values(program.plans)) {
        for (const call of calls) assert.ok(call.layer !== '', call.arguments.kernel);
        assert.equal(
          flops,
          calls.reduce((sum, call) => sum + call.flops, 0),
        );
      }
      const { train, evaluate } = program.plans;
      assert.ok(train.flops > 2 * evaluate.flops && train.flops < 3 * evaluate.flops);
    });
  });
}

describe('the arithmetic of a plan', () => {
  it('of an MLP is two operations for each weight and sample, thrice to train but for the input gradient', () => {
    const { program } = runnerOf(JOBS['an MLP']!, 1);
    const weights = [64 * 80, 80 * 19, 19 * 4];
    const all = weights.reduce((a, b) => a + b, 0);
    assert.equal(program.plans.evaluate.flops, 2 * all);
    assert.equal(program.plans.train.flops, 6 * all - 2 * weights[0]!);
  });
});
