// plan.test.ts: what a plan promises to threads: order where there is a barrier, none where there is none, nothing read unwritten.
import assert from 'node:assert/strict';
import { draws, seedWords, unit } from '../../base/random.ts';
import { countTiles } from '../../kernels/abi.ts';
import { expand } from '../../trainer/contribution.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import type { Job } from '../../trainer/job.ts';
import type { Mode } from '../../trainer/plan.ts';
import type { PlanCall } from '../../trainer/plan-builder.ts';
import { prepare } from '../../trainer/prepare.ts';
import { sameBytes } from '../support/compare.ts';
import { createPlanRunner, type Order } from '../support/plan-runner.ts';
import { convNet, mlp, smallDataset, smallJob } from '../support/small-jobs.ts';

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

/** A runner that holds parameters and samples. */
function runnerOf(of: Job, rows: number) {
  const { program, segments } = prepare(of, dataset, { threads: 1 });
  const runner = createPlanRunner(program, seedWords(of.seed), 'wasm');
  const memory = new Float32Array(program.contribution.scalarsAt / 4);
  expand(segments, initializeParameters(of.model, 3), memory);
  runner.load(new Uint8Array(memory.buffer));
  const word = draws([9, 0], 0, 0, 0);
  const { image, label } = program.input.fields;
  for (let i = 0; i < rows * image.rowBytes; i++) runner.input[image.at + i] = 255 * unit(word(i));
  for (let row = 0; row < rows; row++) runner.input[label.at + row * label.rowBytes] = word(1e6 + row) & 3;
  return { runner, program };
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
  (calls, rows, runCall) => {
    for (const group of groupsOf(calls))
      for (let thread = threads - 1; thread >= 0; thread--)
        for (const call of group) {
          const tiles = countTiles(call.tiles, rows);
          runCall(call, Math.floor((tiles * thread) / threads), Math.floor((tiles * (thread + 1)) / threads));
        }
  };

/** Each group's calls last to first. */
const reversed: Order = (calls, rows, runCall) => {
  for (const group of groupsOf(calls))
    for (const call of group.reverse()) runCall(call, 0, countTiles(call.tiles, rows));
};

const MODES: readonly Mode[] = ['train', 'evaluate'];

for (const [name, of] of Object.entries(JOBS)) {
  describe(`the plan of ${name}`, () => {
    it('gives the same bytes however the threads of a team run ahead of each other between barriers', () => {
      const { runner, program } = runnerOf(of, 4);
      assert.ok(
        groupsOf(program.plans.train.calls).length < program.plans.train.calls.length,
        'nothing is independent',
      );
      for (const mode of MODES) {
        const run = { mode, rows: 4, slot: 0, step: 5 };
        const expected = runner.run(run);
        for (const order of [reversed, skewed(2), skewed(3), skewed(7)])
          assert.ok(sameBytes(runner.run(run, order), expected), mode);
      }
    });

    it('reads nothing of its memory that it has not written: NaN everywhere before it changes no byte', () => {
      const { runner } = runnerOf(of, 4);
      for (const mode of MODES)
        for (const rows of [4, 3, 1]) {
          const run = { mode, rows, slot: 0, step: 5 };
          runner.arena.fill(0);
          const expected = runner.run(run);
          runner.arena.fill(0xff);
          assert.ok(sameBytes(runner.run(run), expected), `${mode}, ${rows} rows`);
        }
    });

    it('gives fewer rows the same bytes as a plan compiled for them', () => {
      const { runner } = runnerOf(of, 2);
      const { runner: narrow } = runnerOf({ ...of, batch: 4 }, 2);
      for (const mode of MODES) {
        const run = { mode, rows: 2, slot: 0, step: 5 };
        assert.ok(sameBytes(runner.run(run), narrow.run(run)), mode);
      }
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
