// tfjs.test.ts: exported models, loaded and run by tfjs itself. What is imported is in ../import/tfjs.test.ts.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { exportTfjs } from '../../../trainer/export/tfjs.ts';
import { readSmall } from '../../../trainer/files.ts';
import { importTfjs, readTfjs } from '../../../trainer/import/tfjs.ts';
import { nodeFiles } from '../../../trainer/node-files.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { segmentsOf } from '../../../trainer/weights.ts';
import type { Fault } from '../memory-disk.ts';
import { MemoryDisk } from '../memory-disk.ts';
import { loadTfjs, predict, samples, tfjsModels } from '../tfjs-models.ts';

const input = (...shape: number[]) => ({ class_name: 'InputLayer', config: { batch_shape: [null, ...shape] } });
const layer = (class_name: string, config: object) => ({ class_name, config });
const sequential = (...layers: object[]) => parseModel({ class_name: 'Sequential', config: { layers } });
const weight = (name: string, shape: number[], ...values: number[]) => ({
  name,
  shape,
  data: Float32Array.from(values),
});

/** y = relu(x W + b), by hand. */
const tiny = sequential(input(2), layer('Dense', { units: 2, activation: 'relu' }));
const tinyWeights = (last = -100) => [weight('dense/bias', [2], 0.5, last), weight('dense/kernel', [2, 2], 1, 2, 3, 4)];

function assertClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i]! - value) <= tolerance, `${actual[i]} against ${value} at ${i}`);
  }
}

describe('export to tfjs', () => {
  it('gives a model that computes in tfjs what a sum by hand gives', async () => {
    const disk = new MemoryDisk();
    const path = await exportTfjs('/runs/best', { model: tiny, weights: tinyWeights() }, disk);
    assert.equal(path, '/runs/best/model.json');
    const loaded = await loadTfjs(disk, path);
    assert.deepEqual(
      [
        ...predict(
          loaded,
          tf.tensor2d([
            [1, 2],
            [-1, 0],
          ]),
        ),
      ],
      [7.5, 0, 0, 0],
    );
  });

  for (const [name, make] of Object.entries(tfjsModels)) {
    it(`of ${name}, imported before, predicts as the original within 1e-5`, async () => {
      const original = make();
      const { config, weights } = importTfjs(original);
      const disk = new MemoryDisk();
      const path = await exportTfjs('/m', { model: parseModel(config), weights: weights! }, disk);
      const loaded = await loadTfjs(disk, path);
      const x = samples(5, original.inputs[0]!.shape.slice(1) as number[]);
      assertClose(predict(loaded, x), predict(original, x), 1e-5);
      assert.ok(new Set(predict(original, x)).size > 5);
    });
  }

  it('loads with every initializer that tfjs has too', async () => {
    const names = [
      'zeros',
      'ones',
      'random_uniform',
      'random_normal',
      'truncated_normal',
      'glorot_uniform',
      'glorot_normal',
    ];
    const scaled = ['uniform', 'truncated_normal', 'untruncated_normal'].map((distribution) =>
      layer('VarianceScaling', { distribution }),
    );
    const all = [
      ...names,
      'he_uniform',
      'he_normal',
      'lecun_uniform',
      'lecun_normal',
      layer('Constant', { value: 2 }),
      ...scaled,
    ];
    const model = sequential(
      input(2),
      ...all.map((kernel_initializer) => layer('Dense', { units: 2, kernel_initializer, use_bias: false })),
    );
    const weights = Object.keys(model.layers).map((name) => weight(`${name}/kernel`, [2, 2], 1, 0, 0, 1));
    const disk = new MemoryDisk();
    const loaded = await loadTfjs(disk, await exportTfjs('/m', { model, weights }, disk));
    assert.deepEqual([...predict(loaded, tf.tensor2d([[3, 4]]))], [3, 4]);
  });

  it('gives slopes of rectifiers and groups of channels to tfjs, and back', async () => {
    const model = sequential(
      input(2),
      layer('LeakyReLU', { negative_slope: 0.5 }),
      layer('ReLU', { negative_slope: 0.25 }),
      layer('Activation', { activation: 'swish' }),
    );
    const disk = new MemoryDisk();
    const loaded = await loadTfjs(disk, await exportTfjs('/m', { model, weights: [] }, disk));
    const silu = (x: number) => x / (1 + Math.exp(-x));
    const y = predict(loaded, tf.tensor2d([[-8, 2]]));
    assertClose(y, Float32Array.of(silu(-1), silu(2)), 1e-6);
    const groups = sequential(input(32), layer('GroupNormalization', { groups: 4, scale: false, center: false }));
    const path = await exportTfjs('/groups', { model: groups, weights: [] }, disk);
    assert.deepEqual(parseModel((await readTfjs(path, disk)).config).layers, groups.layers);
  });

  it('is compiled in tfjs when a training configuration goes with it', async () => {
    const disk = new MemoryDisk();
    const optimizer_config = {
      class_name: 'Adam',
      config: { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    };
    const trainingConfig = { loss: 'mean_squared_error', metrics: ['accuracy'], optimizer_config };
    const path = await exportTfjs('/m', { model: tiny, weights: tinyWeights(), trainingConfig }, disk);
    const loaded = await loadTfjs(disk, path);
    const score = loaded.evaluate(tf.tensor2d([[1, 2]]), tf.tensor2d([[7.5, 1]])) as tf.Scalar[];
    assert.deepEqual(
      score.map((value) => value.dataSync()[0]),
      [0.5, 1],
    );
  });

  it('cuts weights into files of 4 MiB, a tensor across their border', async () => {
    const directory = await mkdtemp(`${tmpdir()}/shoal-tfjs-`);
    try {
      const model = sequential(input(1500), layer('Dense', { units: 1000 }));
      const kernel = Float32Array.from({ length: 1500000 }, (_, i) => i);
      const weights = [
        { name: 'dense/kernel', shape: [1500, 1000], data: kernel },
        weight('dense/bias', [1000], ...kernel.subarray(7, 1007)),
      ];
      const path = await exportTfjs(directory, { model, weights });
      const manifest = JSON.parse(Buffer.from(await readSmall(nodeFiles, path, 1e6)).toString()).weightsManifest;
      const sizes = await Promise.all(
        manifest[0].paths.map(async (name: string) => (await readSmall(nodeFiles, `${directory}/${name}`, 1e7)).length),
      );
      assert.deepEqual(sizes, [4 << 20, 6004000 - (4 << 20)]);
      assert.match(manifest[0].paths[1], /^group1-shard2of2\.[0-9a-f]{8}\.bin$/);
      const loaded = await loadTfjs(nodeFiles, path);
      assert.deepEqual(
        loaded.getWeights().map((w) => w.dataSync()),
        weights.map(({ data }) => data),
      );
      assert.deepEqual((await readTfjs(path)).weights, weights);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('over an earlier export leaves the old or the new one whole, whichever operation fails, or is the last', async () => {
    const last = async (disk: MemoryDisk) => (await readTfjs('/m/model.json', disk)).weights![1]!.data[1];
    const write = (disk: MemoryDisk, value: number) =>
      exportTfjs('/m', { model: tiny, weights: tinyWeights(value) }, disk);
    const diskWithOld = async () => {
      const disk = new MemoryDisk();
      await write(disk, 1);
      disk.reboot();
      return disk;
    };
    const clean = await diskWithOld();
    await write(clean, 2);
    for (const kind of ['error', 'late error', 'dead'] as const) {
      for (let at = 0; at < clean.operations; at++) {
        const disk = await diskWithOld();
        disk.fault = { at, kind, errno: 'EIO' } satisfies Fault;
        const promised = await write(disk, 2).then(
          () => true,
          () => false,
        );
        if (at % 2) disk.losePower((count) => count - 1);
        else disk.reboot();
        const found = await last(disk);
        assert.ok(found === 2 || (found === 1 && !promised), `${kind} at ${at}: ${found}`);
        await write(disk, 3);
        assert.equal((await disk.list('/m')).length, 2);
        assert.equal(await last(disk), 3);
      }
    }
  });

  it('refuses weights that are not the model’s, and what tfjs does not know', async () => {
    const disk = new MemoryDisk();
    const [bias, kernel] = tinyWeights();
    const wrong = [
      [bias!],
      [bias!, kernel!, kernel!],
      [bias!, { ...kernel!, name: 'dense_1/kernel' }],
      [bias!, { ...kernel!, shape: [4, 1] }],
      [bias!, { ...kernel!, data: new Float32Array(3) }],
    ];
    for (const weights of wrong) {
      await assert.rejects(exportTfjs('/m', { model: tiny, weights }, disk), { code: 'SHOAL_EXPORT_WEIGHTS' });
    }
    const image = (class_name: string, config: object) => sequential(input(4, 4, 2), layer(class_name, config));
    const unknown = [
      image('Conv2D', { filters: 2, kernel_size: 3, groups: 2 }),
      image('DepthwiseConv2D', { kernel_size: 2, dilation_rate: 2 }),
      image('Conv2DTranspose', { filters: 1, kernel_size: 3, strides: 2, output_padding: 1 }),
      image('ReLU', { threshold: 0.5 }),
      image('ReLU', { negative_slope: 0.5, max_value: 1 }),
      image('UpSampling2D', { interpolation: 'bilinear' }),
      image('Resizing', { height: 3, width: 3 }),
      image('CenterCrop', { height: 3, width: 3 }),
      image('Dense', { units: 1, activation: 'hard_sigmoid' }),
    ];
    for (const model of unknown) {
      const weights = segmentsOf(model).parameters.map(({ path, shape, length }) =>
        weight(path, [...shape], ...new Float32Array(length)),
      );
      await assert.rejects(exportTfjs('/m', { model, weights }, disk), { code: 'SHOAL_EXPORT_UNSUPPORTED' });
    }
    assert.deepEqual(await disk.list('/'), []);
  });
});
