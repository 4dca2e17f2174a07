// transfer.test.ts: a base with a new head: how jobs write it, which weights it begins with, and that learning goes on from them faster
// than from nothing. Not freezing (graphs.test.ts, frozen-run.test.ts).
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelSource } from '../../bin/input/model-source.ts';
import { writeSafetensors } from '../../trainer/export/safetensors.ts';
import { weightsFromTorch } from '../../trainer/import/torch.ts';
import { initializeWeights } from '../../trainer/initialize.ts';
import { parseJob } from '../../trainer/job.ts';
import { elements } from '../../trainer/model.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { firstSnapshot, snapshotWeights, startingSnapshot } from '../../trainer/snapshot.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { uniform } from '../cases/model.ts';
import { smallJob } from '../support/small-jobs.ts';
import { dataset, smallRun } from '../support/small-run.ts';
import { temporaryFolder } from '../support/temporary.ts';

const layer = (class_name: string, config: object = {}) => ({ class_name, config });
const base = {
  class_name: 'Sequential',
  config: {
    layers: [
      layer('InputLayer', { batch_shape: [null, 8, 8, 1] }),
      layer('Conv2D', { filters: 3, kernel_size: 3, name: 'conv' }),
      layer('Flatten', { name: 'flat' }),
      layer('Dense', { units: 5, name: 'old_head' }),
    ],
  },
};
const head = [layer('Dense', { units: 4, activation: 'softmax', name: 'new_head' })];

describe('a base with a head', () => {
  it('is a model whose layers are named "base/...", cut where the head begins', () => {
    const model = parseModel({ base, until: 'flat', head });
    assert.deepEqual(Object.keys(model.layers), ['base/conv', 'base/flat', 'new_head']);
    assert.deepEqual(model.inputs[0]!.spec, { shape: [8, 8, 1] });
    assert.deepEqual(model.outputs, ['new_head']);
    assert.deepEqual(Object.keys(parseModel({ base, head }).layers).at(-2), 'base/old_head');
  });

  it('may be a model by name', () => {
    const top = [layer('GlobalAveragePooling2D'), ...head];
    const { layers } = parseModel({ base: { builder: 'resnet18', top: false, input: [64, 64, 3] }, head: top });
    assert.ok('base/layer4.1.conv2' in layers && 'new_head' in layers && !('base/fc' in layers));
  });

  it('is refused with an unknown place to cut, by name', () => {
    assert.throws(() => parseModel({ base, until: 'flatt', head }), { code: 'SHOAL_MODEL', expected: /conv, flat/ });
  });
});

describe('weights of a job', () => {
  const folder = temporaryFolder('transfer');
  const job = (model: unknown) =>
    parseJob(
      { model, data: { reader: 'digits' }, loss: 'sparse_categorical_crossentropy', optimizer: 'adam', epochs: 1 },
      'j',
    );

  it('come from a safetensors file under our names, for the base alone; the head begins with the seed', async () => {
    const built = { builder: 'lenet5', width: 0.5, classes: 3 };
    const model = parseModel(built);
    const { parameters } = initializeWeights(model, 99);
    const tensors = segmentsOf(model).parameters.map(({ path, shape, flat, length }) => ({
      name: path,
      shape,
      data: parameters.subarray(flat, flat + length),
    }));
    await writeSafetensors(join(folder, 'lenet.safetensors'), tensors);
    const written = { base: { ...built, weights: 'lenet.safetensors' }, until: 'fc2', head };
    const { config, weights } = await modelSource(written, folder, 'test');
    const own = job(config);
    const start = startingSnapshot(own, weights!);
    const first = firstSnapshot(own);
    for (const { name, data } of snapshotWeights(own.model, start)) {
      const given = tensors.find((t) => `base/${t.name}` === name);
      const expected = given?.data ?? snapshotWeights(own.model, first).find((w) => w.name === name)!.data;
      assert.deepEqual(data, expected, name);
    }
  });

  it('of a run that is over are those that it ended with, of its best epoch', async () => {
    const early = { class_name: 'EarlyStopping', config: { patience: 1, min_delta: 100, restore_best_weights: true } };
    const trained = smallJob(base.config.layers.slice(0, -1).concat(head), {
      batch: 20,
      epochs: 4,
      callbacks: [early],
    });
    const path = await createRun(join(folder, 'runs'), trained);
    const data = { train: dataset.train.hash, test: dataset.test.hash };
    const recorder = await recordRun({ path, job: trained, tool: 'test', data, from: null, emit() {} });
    const { done, weights: ended } = await smallRun(trained, { onSave: (...save) => recorder.save(...save) });
    await recorder.close();
    assert.deepEqual([done.steps, done.restored_step], [6, 3]);
    const { weights } = await modelSource({ $run: path }, folder, 'test');
    assert.deepEqual(
      weights!.map(({ data }) => data),
      snapshotWeights(trained.model, ended).map(({ data }) => data),
    );
  });

  it('of a safetensors file that lacks some are refused, by name', async () => {
    await writeSafetensors(join(folder, 'few.safetensors'), [
      { name: 'conv1/kernel', shape: [1], data: new Float32Array(1) },
    ]);
    const written = { builder: 'lenet5', weights: 'few.safetensors' };
    await assert.rejects(modelSource(written, folder, 'test'), { code: 'SHOAL_WEIGHTS', got: /conv1\/bias/ });
  });

  it('say what is wrong about where they come from', async () => {
    writeFileSync(join(folder, 'x.json'), '{}');
    await assert.rejects(modelSource({ builder: 'lenet5', weights: 3 }, folder, 'test'), { code: 'SHOAL_JOB' });
    await assert.rejects(modelSource({ $run: 'nowhere' }, folder, 'test'), { code: 'SHOAL_RUN_MISSING' });
  });
});

describe("weights under PyTorch's names", () => {
  const model = parseModel({
    class_name: 'Sequential',
    config: {
      layers: [
        layer('InputLayer', { batch_shape: [null, 4, 3, 2] }),
        layer('Conv2D', { name: 'a', filters: 3, kernel_size: 2, padding: 'same' }),
        layer('DepthwiseConv2D', { name: 'b', kernel_size: 2, depth_multiplier: 2, padding: 'same' }),
        layer('BatchNormalization', { name: 'c' }),
        layer('Flatten'),
        layer('Dropout', { rate: 0.5 }),
        layer('Dense', { name: 'd', units: 5 }),
        layer('Dense', { name: 'e', units: 2 }),
      ],
    },
  });
  const named = (name: string, shape: readonly number[]) => ({
    name,
    shape,
    data: Float32Array.from(uniform(shape, elements(shape)).data),
  });
  const tensors = [
    named('a.weight', [3, 2, 2, 2]),
    named('a.bias', [3]),
    named('b.weight', [6, 1, 2, 2]),
    named('b.bias', [6]),
    named('c.weight', [6]),
    named('c.bias', [6]),
    named('c.running_mean', [6]),
    named('c.running_var', [6]),
    named('d.weight', [5, 72]),
    named('d.bias', [5]),
    named('e.weight', [2, 5]),
    named('e.bias', [2]),
  ];
  const found = new Map(weightsFromTorch(model, tensors, 'read').map(({ name, data }) => [name, data]));
  const of = (name: string) => tensors.find((t) => t.name === name)!.data;

  it('are all found', () => assert.equal(found.size, 12));
  it('are turned around: (out, in, rows, columns) to (rows, columns, in, out)', () => {
    const kernel = found.get('a/kernel')!;
    for (const [o, i, y, x] of [
      [0, 0, 0, 0],
      [2, 1, 0, 1],
      [1, 0, 1, 1],
    ] as const)
      assert.equal(kernel[((y * 2 + x) * 2 + i) * 3 + o], of('a.weight')[((o * 2 + i) * 2 + y) * 2 + x]);
  });
  it('of depthwise convolutions keep the multiplier beside its channel', () => {
    const kernel = found.get('b/kernel')!;
    for (const [c, m, y, x] of [
      [0, 1, 0, 1],
      [2, 0, 1, 0],
    ] as const)
      assert.equal(kernel[((y * 2 + x) * 3 + c) * 2 + m], of('b.weight')[((c * 2 + m) * 2 + y) * 2 + x]);
  });
  it('behind a Flatten take their inputs channel last', () => {
    const [H, W, C] = [4, 3, 6];
    const kernel = found.get('d/kernel')!;
    for (const [o, y, x, c] of [
      [0, 0, 0, 1],
      [4, 3, 2, 5],
      [2, 1, 0, 3],
    ] as const)
      assert.equal(kernel[((y * W + x) * C + c) * 5 + o], of('d.weight')[o * 72 + (c * H + y) * W + x]);
    assert.equal(found.get('e/kernel')![2 * 2 + 1], of('e.weight')[1 * 5 + 2]);
  });
});
