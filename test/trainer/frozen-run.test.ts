// frozen-run.test.ts: runs of a job with frozen layers, and with a shared one: what stays, what is kept of it, the same bytes however it
// is run. That gradients are right: graphs.test.ts.
import assert from 'node:assert/strict';
import { firstSnapshot, snapshotTensors } from '../../trainer/snapshot.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { convNet, smallJob } from '../support/small-jobs.ts';
import { outcome, smallRun } from '../support/small-run.ts';

const layer = (class_name: string, config: object = {}) => ({ class_name, config });
const job = smallJob(
  [
    ...convNet.slice(0, 3),
    layer('BatchNormalization'),
    layer('Conv2D', { filters: 6, kernel_size: 3, activation: 'relu', name: 'middle' }),
    ...convNet.slice(5),
  ],
  { batch: 10, microShards: 4, freeze: ['batch*', 'middle'] },
);

describe('a run with frozen layers', () => {
  it('leaves them as they began, moving statistics too, and trains the others', async () => {
    const { weights } = await smallRun(job);
    const first = firstSnapshot(job);
    const { parameters, state } = segmentsOf(job.model);
    const moved = parameters.filter(({ flat, length }) =>
      weights.parameters.subarray(flat, flat + length).some((value, i) => value !== first.parameters[flat + i]),
    );
    assert.deepEqual(
      moved.map(({ path }) => path),
      ['conv2d/kernel', 'conv2d/bias', 'dense/kernel', 'dense/bias'],
    );
    assert.equal(state.length, 2);
    assert.deepEqual(weights.state, first.state);
  });

  it('keeps no optimizer state of them', async () => {
    const { saved } = await smallRun(job);
    const { optimizer } = snapshotTensors(job.model, saved.at(-1)!);
    assert.deepEqual(
      optimizer.segments.map(({ path }) => path).filter((path) => path.startsWith('momentum/')),
      ['momentum/conv2d/kernel', 'momentum/conv2d/bias', 'momentum/dense/kernel', 'momentum/dense/bias'],
    );
    assert.ok(optimizer.segments.every(({ data }) => data.some((value) => value !== 0)));
  });

  it('gives the same hashes with other threads, teams and ranges, computed again, and resumed', async () => {
    const expected = outcome(await smallRun(job, { threads: 1 }));
    assert.deepEqual(outcome(await smallRun(job, { threads: 4, teamSize: 2, ranges: 3 })), expected);
    assert.deepEqual(outcome(await smallRun({ ...job, recompute: true }, { threads: 2 })), expected);
    const { saved } = await smallRun({ ...job, checkpoint: { everySteps: 3, keep: 3 } });
    assert.deepEqual(outcome(await smallRun(job, { start: saved[0]! })), expected);
  });
});

describe('a run with a shared layer', () => {
  const at = (name: string, call = 0) => [[name, call, 0, {}]];
  const dense = (name: string, units: number, ...inbound_nodes: unknown[]) => ({
    class_name: 'Dense',
    name,
    config: { units, activation: name === 'out' ? 'softmax' : 'relu' },
    inbound_nodes,
  });
  const model = {
    class_name: 'Functional',
    config: {
      layers: [
        { class_name: 'InputLayer', name: 'image', config: { batch_shape: [null, 8, 8, 1] }, inbound_nodes: [] },
        { class_name: 'Flatten', name: 'flat', config: {}, inbound_nodes: [at('image')] },
        dense('first', 96, at('flat')),
        dense('shared', 96, at('first'), at('shared')),
        dense('out', 4, at('shared', 1)),
      ],
      input_layers: [['image', 0, 0]],
      output_layers: [['out', 0, 0]],
    },
  };
  it('gives the same hashes with other threads, teams, ranges and bundles', async () => {
    const shared = smallJob([], { model, batch: 10, microShards: 4 });
    const expected = outcome(await smallRun(shared, { threads: 1, level: 2 }));
    assert.deepEqual(outcome(await smallRun(shared, { threads: 4, teamSize: 4, ranges: 2 })), expected);
    assert.deepEqual(outcome(await smallRun({ ...shared, codec: 'f32' }, { threads: 2 })), expected);
  });
});
