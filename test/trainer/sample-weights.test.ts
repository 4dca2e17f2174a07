// sample-weights.test.ts: losses multiplied by a weight for each sample, or each of its places: as the weights of classes, which Keras' values hold.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draws, unit } from '../../base/random.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { openDataset } from '../../datasets/readers/index.ts';
import { type Samples, train } from '../../trainer/train-model.ts';

const TABLE = [0.5, 0, 3];
const table = { reader: 'csv', test: 0.2, splitSeed: 0, missing: 'refuse' } as const;
const layer = (class_name: string, config: object) => ({ class_name, config });
const model = (activation: string, ...more: readonly object[]) => ({
  class_name: 'Sequential',
  config: {
    name: 'weighed',
    layers: [
      ...(more.length > 0 ? more : [layer('InputLayer', { batch_shape: [null, 6] })]),
      layer('Dense', { units: 5, activation: 'tanh' }),
      layer('Dense', { units: 3, activation }),
    ],
  },
});
function samples(n: number, seed: number): Samples {
  const random = draws([seed, 1], 0, 0, 0);
  return {
    images: Float32Array.from({ length: 6 * n }, (_, i) => unit(random(i)) - 0.5),
    labels: Int32Array.from({ length: n }, (_, i) => random(6 * n + i) % 3),
  };
}
const weighed = (all: Samples): Samples => ({
  ...all,
  weights: Float32Array.from(all.labels, (label) => TABLE[label]!),
});
const [plain, heldOut] = [samples(50, 3), samples(20, 4)];
const options = { batch: 16, microShards: 4, epochs: 2, threads: 1, metrics: [] };

describe('weights of samples', () => {
  for (const [class_name, activation] of [
    ['SparseCategoricalCrossentropy', 'softmax'],
    ['CategoricalFocalCrossentropy', 'softmax'],
    ['BinaryFocalCrossentropy', 'sigmoid'],
    ['BinaryCrossentropy', 'sigmoid'],
    ['MeanSquaredError', 'linear'],
    ['Huber', 'linear'],
    ['CategoricalHinge', 'linear'],
  ] as const)
    it(`that are those of their classes give the bytes and figures of class_weight, ${class_name}`, async () => {
      const byClass = { class_name, config: { class_weight: TABLE } };
      const dataset = { train: plain, test: heldOut };
      const expected = await train(model(activation), dataset, { ...options, loss: byClass });
      const both = { train: weighed(plain), test: weighed(heldOut) };
      const actual = await train(model(activation), both, { ...options, threads: 2, loss: class_name });
      assert.deepEqual(actual.hashes, expected.hashes);
      assert.deepEqual(actual.metrics, expected.metrics);
    });

  it('count for each place of a sample, where it has but one', async () => {
    const places = [layer('InputLayer', { batch_shape: [null, 4, 6] })];
    const random = draws([7, 1], 0, 0, 0);
    const reader = (n: number, perPlace: boolean) =>
      readerFromArrays({
        fields: {
          image: { shape: [4, 6], dtype: 'f32' },
          label: { shape: [4], dtype: 'i32' },
          w: { shape: perPlace ? [4] : [], dtype: 'f32' },
        },
        data: {
          image: Float32Array.from({ length: 24 * n }, (_, i) => unit(random(i))),
          label: Int32Array.from({ length: 4 * n }, (_, i) => (random(i) % 4) - 1),
          w: Float32Array.from({ length: perPlace ? 4 * n : n }, (_, i) => (perPlace ? i >> 2 : i) % 3),
        },
        classes: 3,
      });
    const run = (perPlace: boolean) =>
      train(
        model('softmax', ...places),
        { train: reader(30, perPlace), test: reader(9, perPlace) },
        { ...options, loss: 'sparse_categorical_crossentropy', sampleWeights: 'w' },
      );
    const [one, all] = [await run(false), await run(true)];
    assert.deepEqual(one.hashes, all.hashes);
    assert.deepEqual(one.metrics, all.metrics);
  });

  it('come from a column of a table, which is then no feature', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-weights-'));
    const path = join(folder, 'table.csv');
    const rows = Array.from({ length: 20 }, (_, i) => `${i / 10},${i % 3},${i % 2},${TABLE[i % 3]}`);
    try {
      writeFileSync(path, ['a,b,label,importance', ...rows].join('\n'));
      const { train: part } = await openDataset({ ...table, path, weight: 'importance' });
      assert.deepEqual(part.fields['image']!.shape, [2]);
      assert.deepEqual(part.fields['weight'], { shape: [], dtype: 'f32' });
      const image = new Float32Array(2);
      const weight = new Float32Array(1);
      const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      for (let i = 0; i < part.length; i++) {
        part.read(i, { image: bytes(image), weight: bytes(weight) });
        assert.equal(weight[0], TABLE[image[1]!]);
      }
      writeFileSync(path, ['a,b,label,importance', ...rows, '1,2,1,-3'].join('\n'));
      await assert.rejects(openDataset({ ...table, path, weight: 'importance' }), {
        code: 'SHOAL_DATA_SAMPLE',
        got: /weight that is no number/,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are refused beside weights of classes, in another number than the places, and where there are none', async () => {
    const loss = { class_name: 'SparseCategoricalCrossentropy', config: { class_weight: TABLE } };
    const both = { train: weighed(plain), test: weighed(heldOut) };
    await assert.rejects(train(model('softmax'), both, { ...options, loss }), {
      code: 'SHOAL_LOSS',
      got: /class_weight/,
    });
    const dataset = { train: plain, test: heldOut };
    const twice = (all: Samples) => ({ ...all, weights: new Float32Array(2 * all.labels.length) });
    await assert.rejects(
      train(
        model('softmax'),
        { train: twice(plain), test: twice(heldOut) },
        { ...options, loss: 'categorical_crossentropy' },
      ),
      { code: 'SHOAL_LOSS', got: '2 weights a sample' },
    );
    await assert.rejects(
      train(model('softmax'), dataset, { ...options, loss: 'categorical_crossentropy', sampleWeights: 'w' }),
      { code: 'SHOAL_JOB', got: /"w"/ },
    );
  });
});
