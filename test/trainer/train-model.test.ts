// train-model.test.ts: train(), the library's front door: tfjs models and configurations, arrays and readers.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { type RunEvent, readerFromArrays, ShoalError, train } from '../../index.ts';
import { nodeFiles } from '../../trainer/node-files.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { CLASSES, SIDE, tinyModel, tinySamples } from '../support/tiny.ts';
import { loadTfjs, predict } from './tfjs-models.ts';

const dataset = { train: tinySamples(128, 1), test: tinySamples(64, 2) };
const options = {
  loss: 'sparse_categorical_crossentropy',
  optimizer: { class_name: 'Adam', config: { learning_rate: 0.03 } },
  batch: 16,
  epochs: 3,
} as const;

function sequential(): tf.Sequential {
  const model = tf.sequential({ name: 'mine' });
  model.add(tf.layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 4, kernelSize: 3, activation: 'relu' }));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: CLASSES, activation: 'softmax' }));
  return model;
}

describe('train()', () => {
  it('trains a tfjs model on arrays, predicts, and saves what tfjs loads: predictions within 1e-5', async () => {
    const events: RunEvent[] = [];
    const result = await train(sequential(), dataset, { ...options, onEvent: (event) => events.push(event) });
    assert.ok((result.metrics['accuracy'] as number) > 0.9);
    assert.equal(events.at(-1)!.event, 'done');
    const { images, labels } = tinySamples(20, 3);
    const { outputs, shape } = await result.predict(images);
    assert.deepEqual(shape, [20, CLASSES]);
    const best = (i: number) => [...outputs.subarray(CLASSES * i, CLASSES * (i + 1))];
    const right = [...labels].filter((label, i) => best(i).indexOf(Math.max(...best(i))) === label);
    assert.ok(right.length > 17, `${right.length} of 20`);
    const path = await result.save(temporaryFolder('api'));
    const theirs = predict(
      await loadTfjs(nodeFiles, path),
      tf.tensor4d(
        Float32Array.from(images, (x) => x / 255),
        [20, SIDE, SIDE, 1],
      ),
    );
    outputs.forEach((value, i) => {
      assert.ok(Math.abs(value - theirs[i]!) < 1e-5);
    });
  });

  it('ends in the same hashes for a tfjs model and its configuration, arrays and readers, any number of threads', async () => {
    const named = JSON.parse(JSON.stringify(sequential().toJSON(null, false)));
    const first = await train(named, dataset, { ...options, threads: 1 });
    const reader = ({ images, labels }: ReturnType<typeof tinySamples>) =>
      readerFromArrays({
        fields: { image: { shape: [SIDE, SIDE, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
        data: { image: images, label: Int32Array.from(labels) },
        classes: CLASSES,
      });
    const second = await train(
      named,
      { train: reader(dataset.train), test: reader(dataset.test) },
      { ...options, threads: 2 },
    );
    const third = await train(sequential(), dataset, options);
    assert.deepEqual(second.hashes, first.hashes);
    assert.deepEqual(third.hashes, first.hashes);
    assert.notDeepEqual((await train(named, dataset, { ...options, seed: 9 })).hashes, first.hashes);
  });

  it('starts from the weights of a tfjs model where that is wanted (within 1e-20 at a rate of 1e-30)', async () => {
    const model = sequential();
    const rate = { class_name: 'SGD', config: { learning_rate: 1e-30 } };
    const { weights } = await train(model, dataset, { ...options, optimizer: rate, epochs: 1, keepWeights: true });
    model.getWeights().forEach((tensor, i) => {
      tensor.dataSync().forEach((value, k) => {
        assert.ok(Math.abs(value - weights[i]!.data[k]!) < 1e-20);
      });
    });
    await assert.rejects(
      train(tinyModel, dataset, { ...options, keepWeights: true }),
      (error) => error instanceof ShoalError && error.code === 'SHOAL_JOB',
    );
  });

  it('takes the outputs wanted as f32 labels', async () => {
    const oneHot = ({ images, labels }: ReturnType<typeof tinySamples>) => ({
      images,
      labels: Float32Array.from({ length: labels.length * CLASSES }, (_, i) =>
        Number(labels[Math.floor(i / CLASSES)] === i % CLASSES),
      ),
    });
    const values = { train: oneHot(dataset.train), test: oneHot(dataset.test) };
    const wanted = { ...options, loss: 'categorical_crossentropy' };
    const [given, made] = [await train(tinyModel, values, wanted), await train(tinyModel, dataset, wanted)];
    assert.deepEqual(given.hashes, made.hashes);
  });

  for (const [what, change, code] of [
    ['an unknown option', { epoch: 3 }, 'SHOAL_JOB'],
    ['an unknown loss', { loss: 'ctc' }, 'SHOAL_JOB'],
  ] as const) {
    it(`refuses ${what}: ${code}`, async () => {
      await assert.rejects(
        train(tinyModel, dataset, { ...options, ...change }),
        (error) => error instanceof ShoalError && error.code === code,
      );
    });
  }

  it('refuses labels that the model has no output for, naming the sample: SHOAL_DATA_LABEL', async () => {
    const labels = Uint8Array.from(dataset.train.labels);
    labels[17] = CLASSES;
    await assert.rejects(
      train(tinyModel, { ...dataset, train: { ...dataset.train, labels } }, options),
      (error) =>
        error instanceof ShoalError && error.code === 'SHOAL_DATA_LABEL' && /label 4 at sample 17/.test(error.got),
    );
  });

  it('refuses arrays of different lengths, and classes as f32: SHOAL_DATA_COUNT, SHOAL_DATA_LABEL', async () => {
    const with_ = (part: object) => train(tinyModel, { ...dataset, train: { ...dataset.train, ...part } }, options);
    const refused = (code: string) => (error: unknown) => error instanceof ShoalError && error.code === code;
    await assert.rejects(with_({ labels: new Uint8Array(100) }), refused('SHOAL_DATA_COUNT'));
    const floats = {
      train: { ...dataset.train, labels: new Float32Array(128 * CLASSES) },
      test: { ...dataset.test, labels: new Float32Array(64 * CLASSES) },
    };
    await assert.rejects(train(tinyModel, floats, options), refused('SHOAL_DATA_LABEL'));
  });

  const odd: readonly (readonly [what: string, code: string, got: RegExp, call: () => Promise<unknown>])[] = [
    ...[0, -1, 1.5, Number.NaN, 1e9].map(
      (threads) =>
        [
          `${threads} threads`,
          'SHOAL_THREADS',
          new RegExp(`^${threads} threads`),
          () => train(tinyModel, dataset, { ...options, threads }),
        ] as const,
    ),
    ['no options', 'SHOAL_JOB', /loss/, () => train(tinyModel, dataset, undefined as never)],
    ['no model', 'SHOAL_MODEL', /null/, () => train(null as never, dataset, options)],
    ['no dataset', 'SHOAL_JOB', /no dataset\.train/, () => train(tinyModel, undefined as never, options)],
    [
      'nothing held out',
      'SHOAL_JOB',
      /no dataset\.test/,
      () => train(tinyModel, { train: dataset.train } as never, options),
    ],
    [
      'lists in place of typed arrays',
      'SHOAL_JOB',
      /dataset\.test\.labels: Array/,
      () => train(tinyModel, { ...dataset, test: { ...dataset.test, labels: [1, 2] as never } }, options),
    ],
    [
      'doubles, which are not read as other numbers',
      'SHOAL_JOB',
      /dataset\.train\.images: Float64Array/,
      () =>
        train(tinyModel, { ...dataset, train: { ...dataset.train, images: new Float64Array(9) as never } }, options),
    ],
    [
      'samples beside a reader',
      'SHOAL_JOB',
      /samples beside a reader/,
      () => train(tinyModel, { train: dataset.train, test: { read() {} } } as never, options),
    ],
    [
      'weights that are not one for each sample',
      'SHOAL_DATA_COUNT',
      /7 of weight/,
      () => train(tinyModel, { ...dataset, train: { ...dataset.train, weights: new Float32Array(7) } }, options),
    ],
    [
      'doubles to predict, which are not read as other numbers',
      'SHOAL_DATA_FIELD',
      /^Float64Array$/,
      async () => (await train(tinyModel, dataset, options)).predict(new Float64Array(9) as never),
    ],
    [
      'a list to predict',
      'SHOAL_DATA_FIELD',
      /^Array$/,
      async () => (await train(tinyModel, dataset, options)).predict([1, 2] as never),
    ],
  ];
  for (const [what, code, got, call] of odd)
    it(`called from JavaScript with ${what}, says so: ${code}`, async () => {
      await assert.rejects(call(), { code, got });
    });
});
