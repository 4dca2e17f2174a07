// tfjs-executor.test.ts: whole runs by tfjs' backends `cpu` and `wasm` beside those of our kernels: bundles, weights of samples, penalties, losses
// of users, the examples, tensors that stay, refusals.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset, Reader } from '../../datasets/reader.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import type { BackendName } from '../../trainer/tfjs/backends.ts';
import { executorNamed, type TfjsExecutor } from '../../trainer/tfjs-executor.ts';
import { configOf } from '../cases/layer.ts';
import { drawn } from '../support/drawn.ts';
import { useModules } from '../support/own-modules.ts';
import { boundedMlp, convNet, mlp, smallDataset, smallJob } from '../support/small-jobs.ts';
import { dataset, JOBS, smallRun } from '../support/small-run.ts';

const OF = { batch: 12, microShards: 4 };

const BACKENDS = ['tfjs-cpu', 'tfjs-wasm'] as const;

interface Case {
  readonly jobOf: () => Job;
  readonly level?: number;
  readonly data?: Dataset;
  /** Default: all. What is computed beside tfjs is so everywhere alike. */
  readonly on?: BackendName;
}

/** Attention over pixels, depthwise convolution and norms of batches and of rows, each narrow. */
const norms = configOf(
  [8, 8, 1],
  [
    ['DepthwiseConv2D', { kernel_size: 3, padding: 'same', depth_multiplier: 4 }],
    ['BatchNormalization'],
    ['Activation', { activation: 'relu' }],
    ['AveragePooling2D', { pool_size: 2 }],
    ['Reshape', { target_shape: [16, 4] }],
    ['LayerNormalization'],
    ['MultiHeadAttention', { num_heads: 2, key_dim: 3 }, ['layernormalization_5', 'layernormalization_5']],
    ['Add', {}, ['reshape_4', 'multiheadattention_6']],
    ['GlobalAveragePooling1D'],
    ['Dense', { units: 4, activation: 'softmax' }],
  ],
);

/** 24 images (28, 28, 1) of noise, for the examples, and 8 to test. */
const wide: Dataset = { train: noise(24), test: noise(8) };
function noise(length: number): Reader {
  const image = Uint8Array.from(drawn('wide', 784 * length), (value) => 120 + 100 * value);
  const label = Int32Array.from({ length }, (_, i) => (7 * i) % 10);
  return readerFromArrays({
    fields: { image: { shape: [28, 28, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label },
    classes: 10,
  });
}

const CASES: Readonly<Record<string, Case>> = {
  'a job in bundles of two micro-shards': { jobOf: () => JOBS.dense, level: 1 },
  'a job with convolutions and every metric': { jobOf: () => JOBS.convolutional },
  'weights of samples': {
    jobOf: () => smallJob(mlp, { ...OF, sampleWeights: 'w' }),
    data: weighed(dataset),
    on: 'tfjs-cpu',
  },
  'penalties and bounds of weights': { jobOf: () => smallJob(boundedMlp, OF), on: 'tfjs-cpu' },
  'attention, a depthwise convolution and norms': { jobOf: () => smallJob([], { ...OF, model: norms }) },
  ...Object.fromEntries(
    ['digits', 'conv-dense', 'simple-cnn', 'mlp'].map((name) => [
      `two steps of examples/${name}.json`,
      { jobOf: () => exampleJob(name), data: wide, on: 'tfjs-wasm' } as const, // minutes by `cpu`
    ]),
  ),
  'a loss of a user': {
    jobOf: () => smallJob(mlp, { ...OF, loss: 'own_class_squares', metrics: [] }),
    on: 'tfjs-cpu',
  },
};

/** An example over 24 samples of `wide`, one micro-shard shorter than the others. */
function exampleJob(name: string): Job {
  const json: object = JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8'));
  return parseJob({ ...json, batch: 13, microShards: 4, epochs: 1, evaluateEvery: 1 }, name);
}

/** Each sample with a weight of its own: 0, 0.7, 1.4 or 2.1. */
function weighed({ train, test }: Dataset): Dataset {
  const part = (reader: Reader): Reader => {
    const { length, fields, classes } = reader;
    const image = new Uint8Array(64 * length);
    const label = new Int32Array(length);
    for (let i = 0; i < length; i++)
      reader.read(i, {
        image: image.subarray(64 * i, 64 * (i + 1)),
        label: new Uint8Array(label.buffer, 4 * i, 4),
      });
    const w = Float32Array.from({ length }, (_, i) => 0.7 * (i % 4));
    return readerFromArrays({
      fields: { ...fields, w: { shape: [], dtype: 'f32' } },
      data: { image, label, w },
      classes,
    });
  };
  return { train: part(train), test: part(test) };
}

/** What --executor gives, and the tensors on the device after each piece of work. */
function watched(job: Job, backend: BackendName) {
  const tensors: number[] = [];
  const { staging, create } = executorNamed(backend, job)!;
  return {
    tensors,
    executor: {
      staging,
      create(prepared: Parameters<typeof create>[0]) {
        const inner = create(prepared) as TfjsExecutor;
        const compute: TfjsExecutor['compute'] = async (...given) => {
          const contribution = await inner.compute(...given);
          await contribution.ready;
          tensors.push(inner.tensors);
          return contribution;
        };
        return { profile: inner.profile, unit: inner.unit, compute, close: () => inner.close() };
      },
    },
  };
}

for (const backend of BACKENDS)
  describe(`runs by ${backend}`, () => {
    useModules(fileURLToPath(new URL('fixtures/own-losses.ts', import.meta.url)));

    for (const [title, { jobOf, level = 0, data = dataset, on = backend }] of Object.entries(CASES)) {
      if (on !== backend) continue;
      it(`${title}: losses within 1e-4 of our kernels', and as many tensors on the device after each step`, async () => {
        const job = jobOf();
        const { executor, tensors } = watched(job, backend);
        const ours = await smallRun(job, { level, dataset: data });
        const theirs = await smallRun(job, { level, dataset: data, executor });
        const losses = [ours, theirs].map(({ events }) =>
          events.flatMap((event) => (event.event === 'epoch' ? [event.train['loss'] as number] : [])),
        ) as [number[], number[]];
        assert.equal(losses[0].length, job.epochs);
        losses[0].forEach((loss, i) => {
          assert.ok(Math.abs(losses[1][i]! - loss) <= 1e-4 * loss, `epoch ${i}: ${losses[1][i]}, not ${loss}`);
        });
        assert.ok(tensors.length > job.epochs * 2);
        assert.deepEqual(new Set(tensors).size, 1, `${tensors}`);
      });
    }

    it('leave as many tensors on the device after each of 1,000 steps as after the first', async () => {
      const layers = [...mlp.slice(0, 2), ...mlp.slice(-1)];
      const job = smallJob(layers, { batch: 2, microShards: 1, epochs: 50, evaluateEvery: 50 });
      const { executor, tensors } = watched(job, backend);
      const { done } = await smallRun(job, { executor, dataset: smallDataset(40, 4) });
      assert.equal(done.steps, 1000);
      assert.deepEqual(new Set(tensors), new Set([tensors[0]]));
    });
  });

describe('runs by tfjs', () => {
  it('are refused with the name of what tfjs cannot compute, or of an executor that there is not', () => {
    assert.throws(() => executorNamed('abacus', JOBS.dense), { code: 'SHOAL_USAGE', got: /abacus/, expected: /wasm/ });
    const rounded = smallJob(convNet, { codec: 'f16' });
    assert.throws(() => executorNamed('tfjs-cpu', rounded), { code: 'SHOAL_EXECUTOR', got: /f16/ });
  });
});
