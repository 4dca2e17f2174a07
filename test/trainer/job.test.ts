// job.test.ts: the examples are jobs; defaults, settings and hashes; what is wrong in a job is said by name.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { ShoalError } from '../../base/errors.ts';
import { defaultMicroShards, jobHash, jobToJson, parseJob } from '../../trainer/job.ts';
import { applySettings } from '../../trainer/settings.ts';
import { summarize } from '../../trainer/summary.ts';

type Json = Record<string, unknown>;
const folder = new URL('../../examples/', import.meta.url);
const example = (name: string): Json => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
const least = (): Json => ({
  model: {
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { shape: [4] } },
        { class_name: 'Dense', config: { units: 2 } },
      ],
    },
  },
  data: { reader: 'digits' },
  loss: 'mean_squared_error',
  optimizer: 'adam',
  epochs: 1,
});
/** What every optimizer has by default. */
const shared = {
  clipvalue: null,
  clipnorm: null,
  global_clipnorm: null,
  use_ema: false,
  ema_momentum: 0.99,
  ema_overwrite_frequency: null,
  gradient_accumulation_steps: null,
};
const read = (...settings: string[]) => parseJob(applySettings(least(), settings), 'jobs/my job.json');

describe('a job', () => {
  // Parameters as Keras counts them for the same layers.
  const parameters: Json = {
    digits: 34_826,
    fashion: 34_826,
    'conv-dense': 693_962,
    'simple-cnn': 804_554,
    mlp: 669_706,
    'bert-small': 487_809,
    'gpt-nano': 115_632,
    'transformer-encoder': 4_208_654,
    'vit-tiny': 456_394,
    'vit-small': 21_669_514,
    'vit-b16': 85_806_346,
    lenet5: 61_706,
    resnet18: 11_172_810,
    alexnet: 57_044_810,
    vgg16: 134_301_514,
    googlenet: 5_610_154,
    resnet34: 21_289_802,
    resnet50: 23_528_522,
    resnet101: 42_520_650,
    'mobilenet-v2': 2_236_682,
    densenet121: 6_964_106,
    'efficientnet-b0': 4_020_358,
    'convnext-tiny': 27_827_818,
    transfer: 24_032_833,
  };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    it(`examples/${file} is read, and has the parameters that it should`, () => {
      const name = file.replace('.json', '');
      const job = parseJob(example(name), `examples/${file}`);
      assert.equal(job.name, name);
      assert.equal(summarize(job.model).parameters, parameters[name]);
    });
  }

  it('has every default filled in', () => {
    const { model, modelConfig, ...job } = read();
    assert.equal(model.outputs[0], 'dense');
    assert.deepEqual(modelConfig, least()['model']);
    assert.deepEqual(job, {
      name: 'my-job',
      data: { reader: 'digits' },
      normalize: { mean: 0, std: 1 },
      outputs: [
        {
          name: 'dense',
          loss: {
            class_name: 'MeanSquaredError',
            config: { class_weight: null, reduction: 'sum_over_batch_size' },
          },
          weight: 1,
          sampleWeights: null,
          metrics: [{ name: 'accuracy' }],
        },
      ],
      freeze: [],
      modules: [],
      rates: [],
      optimizer: {
        class_name: 'Adam',
        config: {
          learning_rate: 0.001,
          beta_1: 0.9,
          beta_2: 0.999,
          epsilon: 1e-7,
          amsgrad: false,
          weight_decay: 0,
          exclude_from_weight_decay: [],
          ...shared,
        },
      },
      callbacks: [],
      augment: [],
      batch: 32,
      epochs: 1,
      seed: 1,
      microShards: 4,
      codec: 'f32',
      recompute: 'auto',
      tolerance: null,
      sampler: { class_name: 'shuffled', config: {} },
      evaluateEvery: 1,
      checkpoint: { everySteps: null, keep: 3 },
    });
  });

  it('has the defaults of Keras 3.15 for its other optimizers', () => {
    assert.deepEqual(read('optimizer=sgd').optimizer.config, {
      learning_rate: 0.01,
      momentum: 0,
      nesterov: false,
      weight_decay: 0,
      exclude_from_weight_decay: [],
      ...shared,
    });
    assert.deepEqual(read('optimizer=adam_w').optimizer.config, {
      learning_rate: 0.001,
      beta_1: 0.9,
      beta_2: 0.999,
      epsilon: 1e-7,
      amsgrad: false,
      weight_decay: 0.004,
      exclude_from_weight_decay: [],
      ...shared,
    });
  });

  it('has the defaults of Keras 3.15 for Lamb, and of timm for LARS', () => {
    const common = { weight_decay: 0, exclude_from_weight_decay: [], ...shared };
    assert.deepEqual(read('optimizer=lamb').optimizer.config, {
      ...{ learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 },
      ...common,
    });
    assert.deepEqual(read('optimizer=lars').optimizer.config, {
      ...{ learning_rate: 0.1, momentum: 0.9, nesterov: false, trust_coefficient: 0.001, epsilon: 1e-8 },
      ...common,
    });
  });

  it('clips gradients in one way at most, and keeps averages only to replace the weights', () => {
    const sgd = 'optimizer={"class_name":"SGD","config":';
    for (const [config, got] of [
      ['{"clipnorm":1,"clipvalue":1}', 'clipvalue and clipnorm'],
      ['{"use_ema":true}', 'use_ema alone'],
    ])
      assert.throws(
        () => read(`${sgd}${config}}`),
        (error: ShoalError) => error.code === 'SHOAL_JOB' && error.got === got,
      );
    assert.equal(
      read(`${sgd}{"use_ema":true,"ema_overwrite_frequency":9}}`).optimizer.config.ema_overwrite_frequency,
      9,
    );
  });

  it('splits a batch in the largest power of two of micro-shards that leaves 8 samples to each, 16 with BatchNormalization, at most 64', () => {
    const shards = [1, 7, 8, 15, 16, 32, 64, 100, 128, 511, 512, 1024, 4096].map((batch) =>
      defaultMicroShards(batch, 8),
    );
    assert.deepEqual(shards, [1, 1, 1, 1, 2, 4, 8, 8, 16, 32, 64, 64, 64]);
    const normalised = 'model.config.layers.1={"class_name":"BatchNormalization"}';
    assert.equal(read('batch=64').microShards, 8);
    assert.equal(read('batch=64', normalised).microShards, 4);
  });

  it('is written back as JSON that reads as the same job', () => {
    const job = parseJob(example('simple-cnn'), 'x.json');
    assert.deepEqual(parseJob(JSON.parse(JSON.stringify(jobToJson(job))), 'y.json'), job);
  });

  it('has a hash of what decides its bits, whatever way that is written', async () => {
    const hash = await jobHash(read());
    assert.match(hash, /^[0-9a-f]{64}$/);
    const same = [
      'name=other',
      'checkpoint.keep=9',
      'epochs=7',
      'metrics=["f1"]',
      'batch=32',
      'codec=f32',
      'tolerance=0.001',
      'optimizer.config.beta_1=0.9',
      'model.config.layers.1.config.activation=null',
    ];
    for (const setting of same) assert.equal(await jobHash(read(setting)), hash, setting);
    const others = [
      'seed=2',
      'batch=64',
      'microShards=2',
      'codec=f16',
      'optimizer=sgd',
      'loss=binary_crossentropy',
      'normalize.mean=0.5',
      'data.path=x',
      'model.config.layers.1.config.units=3',
    ];
    const hashes = new Set(await Promise.all(others.map((setting) => jobHash(read(setting)))));
    assert.equal(hashes.size, others.length);
    assert.ok(!hashes.has(hash));
  });

  const refused: readonly [setting: string, error: object][] = [
    [
      'epoch=3',
      {
        code: 'SHOAL_JOB',
        operation: 'read the job jobs/my job.json',
        got: /"epoch"/,
        expected: /known keys: name, model/,
      },
    ],
    ['optimizer.config.lr=3', { code: 'SHOAL_JOB', got: /"lr" in optimizer.config/, expected: /learning_rate/ }],
    ['optimizer=ftrl', { code: 'SHOAL_JOB', got: /ftrl/, expected: /SGD, Adam, AdamW/ }],
    ['optimizer.config.learning_rate=0', { code: 'SHOAL_JOB', got: 'optimizer.config.learning_rate: 0' }],
    ['loss=ctc', { code: 'SHOAL_JOB', expected: /MeanSquaredError/ }],
    ['loss.config.from_logits=true', { code: 'SHOAL_JOB', got: /"from_logits" in loss.config/ }],
    ['metrics=["auc"]', { code: 'SHOAL_JOB', got: /auc/, expected: /confusion_matrix, top_k/ }],
    ['metrics=[{"name":"top_k","n":3}]', { code: 'SHOAL_JOB', got: /"n" in metrics.0/ }],
    ['checkpoint.evry=3', { code: 'SHOAL_JOB', got: /"evry" in checkpoint/ }],
    ['batch=0', { code: 'SHOAL_JOB', got: 'batch: 0' }],
    ['batch=many', { code: 'SHOAL_JOB', got: 'batch: "many"' }],
    ['microShards=33', { code: 'SHOAL_JOB', got: /33 microShards for a batch of 32/ }],
    ['normalize.std=0', { code: 'SHOAL_JOB', got: 'normalize.std: 0' }],
    ['normalize={"mean":[0,0],"std":[1]}', { code: 'SHOAL_JOB', got: /2 means and 1/ }],
    ['data={}', { code: 'SHOAL_JOB', got: /data.reader/ }],
    ['name=../x', { code: 'SHOAL_JOB', got: /name/ }],
    ['model.config.layers.1.class_name=GRU', { code: 'SHOAL_UNKNOWN_LAYER' }],
  ];
  for (const [setting, error] of refused) {
    it(`is refused with ${setting}`, () => {
      assert.throws(() => read(setting), error);
    });
  }

  it('is refused without a model, or when it is no object', () => {
    const { model: _, ...rest } = least();
    assert.throws(() => parseJob(rest, 'x'), { code: 'SHOAL_JOB', got: /model/ });
    assert.throws(() => parseJob([], 'x'), { code: 'SHOAL_JOB' });
  });
});

describe('settings', () => {
  it('are JSON or text, reach into lists, make what is missing, and leave the original alone', () => {
    const json = { a: { b: [1, { c: 2 }] }, short: 'adam' };
    const changed = applySettings(json, ['a.b.1.c=[3]', 'x.y=true', 'z=a=b', 'short.config.rate=1e-3']);
    assert.deepEqual(changed, {
      a: { b: [1, { c: [3] }] },
      short: { class_name: 'adam', config: { rate: 0.001 } },
      x: { y: true },
      z: 'a=b',
    });
    assert.deepEqual(json, { a: { b: [1, { c: 2 }] }, short: 'adam' });
  });

  for (const setting of ['a', '=3', 'a..b=3', 'n.x=1', 'list.5=1', 'list.x=1', '__proto__.x=1']) {
    it(`are refused in the form ${setting}`, () => {
      assert.throws(() => applySettings({ n: 3, list: [1] }, [setting]), { code: 'SHOAL_JOB', got: setting });
    });
  }
});
