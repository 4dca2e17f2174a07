// custom.test.ts: layers that users write: gradients beside differences, the same bytes for any number of threads, the example, refusals.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { readJob } from '../../../bin/input/read-job.ts';
import { registerLayer } from '../../../index.ts';
import { importLayers } from '../../../trainer/layers/import-layers.ts';
import { train } from '../../../trainer/train-model.ts';
import { modelOf } from '../../cases/layer.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';

const folder = new URL('../../../examples/own-layer/', import.meta.url);
const noise = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => (((i + seed) * 7919) % 101) / 50 - 1);
const example = () => readJob(fileURLToPath(new URL('job.json', folder)), {});

describe('layers of users', () => {
  it('give gradients within 1e-3 of central differences of the loss, for their weights and for those behind them', async () => {
    await example(); // registers ScaledTanh
    const model = modelOf(
      [3],
      [
        ['Dense', { units: 5 }],
        ['ScaledTanh', { slope: 0.75 }],
        ['Dense', { units: 2 }],
      ],
    );
    const host = createHost({ model, loss: 'MeanSquaredError', rows: 4 });
    const size = host.segments.reduce((sum, { length }) => sum + length, 0);
    const parameters = noise(size, 3);
    const batch = { parameters, images: noise(9 * 3, 5), labels: noise(9 * 2, 6), shares: [4, 3, 2] };
    const { gradients } = host.run('train', batch);
    const h = 1 / 64;
    const differences = Float64Array.from(parameters, (value, i) => {
      const at = (v: number) => host.run('evaluate', { ...batch, parameters: parameters.with(i, v) }).loss;
      return (at(value + h) - at(value - h)) / (2 * h);
    });
    const error = relativeError(gradients, differences);
    assert.ok(error <= 1e-3, `off by ${error}`);
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
    const scale = one!.weights.find(({ name }) => name.endsWith('/scale'))!;
    assert.ok(
      scale.data.some((value) => value !== 1),
      'the scale has learned',
    );
  });

  it('refuse options that are not theirs, and those of another kind', async () => {
    await example();
    const read = (config: object) => modelOf([3], [['ScaledTanh', config]]);
    assert.throws(() => read({ slop: 1 }), { code: 'SHOAL_MODEL', expected: /slope/ });
    assert.throws(() => read({ slope: 'steep' }), { code: 'SHOAL_MODEL' });
  });

  it('refuse the name of a layer that Shoal has, and modules that cannot be imported', async () => {
    const mine = { module: import.meta.url, forward() {}, backward() {} };
    assert.throws(() => registerLayer({ ...mine, className: 'Dense' }), { code: 'SHOAL_LAYER', got: /Dense/ });
    await assert.rejects(importLayers(['/nowhere/layer.ts']), { code: 'SHOAL_LAYER', operation: /nowhere/ });
  });
});
