// custom.test.ts: layers that users write: gradients beside differences, the same bytes for any number of threads, the example, refusals.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { readJob } from '../../../bin/input/read-job.ts';
import { registerCallback, registerLayer, registerLoss } from '../../../index.ts';
import { BINDING, descriptorBytes, writeDescriptor } from '../../../kernels/abi.ts';
import { createArena } from '../../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../../kernels/load.ts';
import { customCalls } from '../../../trainer/custom-calls.ts';
import { importLayers } from '../../../trainer/layers/import-layers.ts';
import { train } from '../../../trainer/train-model.ts';
import { modelOf } from '../../cases/layer.ts';
import { differencesError, noise } from '../../support/own-gradients.ts';
import { useModules } from '../../support/own-modules.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const example = () => readJob(file('../../../examples/own-layer/job.json'), {});

describe('layers of users', () => {
  useModules(file('../fixtures/own-bilinear.ts'), file('../../../examples/own-layer/scaled-tanh.ts'));

  it('give gradients within 1e-3 of central differences of the loss, for their weights and for those behind them', async () => {
    const model = modelOf(
      [3],
      [
        ['Dense', { units: 5 }],
        ['ScaledTanh', { slope: 0.75 }],
        ['Dense', { units: 2 }],
      ],
    );
    const error = differencesError(model, 'MeanSquaredError', noise(9 * 2, 6));
    assert.ok(error <= 1e-3, `off by ${error}`);
  });

  it('of several inputs give gradients within 1e-3 of differences, for all of them; a backward that forgets one input is found', () => {
    const nodes = (pair: string) =>
      modelOf(
        [3],
        [
          ['Dense', { units: 5, activation: 'tanh' }],
          ['Dense', { units: 4 }, ['input']],
          ['Dense', { units: 6 }, ['input']],
          [pair, { units: 6 }, ['dense_0', 'dense_1', 'dense_2']],
          [pair, { units: 2 }, [`${pair.toLowerCase()}_3`, 'dense_1']],
        ],
      );
    const labels = noise(9 * 2, 6);
    const error = differencesError(nodes('OwnBilinear'), 'MeanSquaredError', labels);
    assert.ok(error <= 1e-3, `off by ${error}`);
    const wrong = differencesError(nodes('OwnForgetful'), 'MeanSquaredError', labels);
    assert.ok(wrong > 1e-2, `only off by ${wrong}`);
    assert.throws(() => modelOf([3], [['OwnBilinear', { units: 2 }]]), { code: 'SHOAL_MODEL', got: /1 input/ });
  });

  it('find what they read and write in the upper half of a memory of 4 GiB', () => {
    const arena = createArena(2 ** 31 + 2 ** 20);
    arena.take(2 ** 31); // no byte of it is touched
    const { f32, u8 } = arena.views;
    const put = (data: Uint8Array | Float32Array) => {
      const at = arena.take(data.byteLength);
      u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      return { space: 'arena', at } as const;
    };
    const call = {
      ...{ className: 'OwnBilinear', config: { units: 1 }, inputs: [[1], [1]], output: [1] },
      weights: [{ name: 'kernel', at: 0, length: 1 }],
    };
    const about = new TextEncoder().encode(JSON.stringify(call));
    const [a, w, x, y] = [about, Float32Array.of(5), Float32Array.of(2, 3, 4, 7), new Float32Array(2)].map(put);
    const operands = { about: a!, w: w!, x: x!, y: y!, dy: y!, dx: y!, dw: y! };
    const bindings = arena.take(4 * BINDING.words);
    const descriptor = arena.take(descriptorBytes('custom'));
    const ints = { length: about.length, backward: 0 };
    writeDescriptor(arena.memory.buffer, descriptor, { kernel: 'custom', operands, ints, floats: {} } as never);
    instantiate(loadKernels(), arena.memory, customCalls(arena.views)).custom(descriptor, bindings, 0, 2);
    assert.deepEqual([...f32.slice(y!.at >>> 2, (y!.at >>> 2) + 2)], [5 * 2 * 3, 5 * 4 * 7]);
  });

  it("train on one thread and on two to the same bytes, at the command line's job", async () => {
    const { job } = await example();
    const samples = {
      images: noise(96 * 784, 1),
      labels: Int32Array.from({ length: 96 }, (_, i) => i % 10),
    };
    const [one, two] = await Promise.all(
      [1, 2].map((threads) =>
        train(
          job.modelConfig as object,
          { train: samples, test: samples },
          { threads, epochs: 2, loss: 'sparse_categorical_crossentropy', batch: 32, microShards: 4 },
        ),
      ),
    );
    assert.deepEqual(one!.hashes, two!.hashes);
    const node = (class_name: string, name: string, config: object, inputs: readonly string[]) => ({
      class_name,
      config: { ...config, name },
      inbound_nodes: [inputs.map((input) => [input, 0, 0, {}])],
    });
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 9], name: 'image' } },
      node('Dense', 'a', { units: 7 }, ['image']),
      node('Dense', 'b', { units: 5 }, ['image']),
      node('OwnBilinear', 'pair', { units: 4 }, ['a', 'b']),
    ];
    const pair = {
      class_name: 'Functional',
      config: { name: 'pair', layers, input_layers: [['image', 0, 0]], output_layers: [['pair', 0, 0]] },
    };
    const few = { images: noise(43 * 9, 2), labels: noise(43 * 4, 3) };
    const of = (threads: number) =>
      train(
        pair,
        { train: few, test: few },
        { threads, epochs: 2, loss: 'mean_squared_error', metrics: [], batch: 12, microShards: 5 },
      );
    const [alone, shared] = await Promise.all([of(1), of(3)]);
    assert.deepEqual(alone.hashes, shared.hashes);
    const scale = one!.weights.find(({ name }) => name.endsWith('/scale'))!;
    assert.ok(
      scale.data.some((value) => value !== 1),
      'the scale has learned',
    );
  });

  it('refuse options that are not theirs, and those of another kind', () => {
    const read = (config: object) => modelOf([3], [['ScaledTanh', config]]);
    assert.throws(() => read({ slop: 1 }), { code: 'SHOAL_MODEL', expected: /slope/ });
    assert.throws(() => read({ slope: 'steep' }), { code: 'SHOAL_MODEL' });
  });

  it('refuse to be registered without a module or a class name, and so do losses and callbacks: no compute thread could import them', () => {
    for (const [register, code] of [
      [registerLayer, 'SHOAL_LAYER'],
      [registerLoss, 'SHOAL_LOSS'],
      [registerCallback, 'SHOAL_CALLBACK'],
    ] as const) {
      assert.throws(() => register({ className: 'Mine' } as never), { code, got: /module: nothing/ });
      assert.throws(() => register({ module: import.meta.url, className: '' } as never), { code, got: /className/ });
    }
  });

  it('refuse the name of a layer that Shoal has, and modules that cannot be imported', async () => {
    const mine = { module: import.meta.url, forward() {}, backward() {} };
    assert.throws(() => registerLayer({ ...mine, className: 'Dense' }), { code: 'SHOAL_LAYER', got: /Dense/ });
    await assert.rejects(importLayers(['/nowhere/layer.ts']), { code: 'SHOAL_LAYER', operation: /nowhere/ });
  });
});
