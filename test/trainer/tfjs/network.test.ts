// network.test.ts: device batches one after another on tfjs' `cpu` backend: their sums, and in which order things are done; and on its `wasm`
// backend, what they leave in its memory.
import assert from 'node:assert/strict';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { seedWords } from '../../../base/random.ts';
import { expand } from '../../../trainer/contribution.ts';
import { backends } from '../../../trainer/tfjs/backends.ts';
import { createNetwork, networkOptions, type Uploaded } from '../../../trainer/tfjs/network.ts';
import type { Tf } from '../../../trainer/tfjs/tf.ts';
import { heapOf } from '../../../trainer/tfjs-wasm/heap.ts';
import { modelOf } from '../../cases/layer.ts';
import { relativeError } from '../../support/compare.ts';
import { drawn } from '../../support/drawn.ts';
import { programOf } from '../../support/host-plan.ts';
import { SEED, testParameters } from '../../support/parity.ts';

const model = modelOf([4], [['Dense', { units: 3 }], ['BatchNormalization'], ['Dense', { units: 2 }]]);
const { program, segments } = programOf({ model, loss: 'MeanSquaredError', rows: 6 });
const [first, second] = [[4], [2]] as const; // rows of the micro-shards of each device batch
const x = Float32Array.from(drawn('x', 6 * 4)); // (6, 4)
const dY = Float32Array.from(drawn('dY', 6 * 2)); // (6, 2)

describe('a network on tfjs', () => {
  let tf: Tf;
  before(async () => {
    tf = await backends['tfjs-cpu'].load();
  });

  /** Sums over all rows, where `shares` are the micro-shards of each device batch; and what was done, in order. */
  async function run(shares: readonly (readonly number[])[]) {
    const before = tf.memory().numTensors;
    const network = createNetwork(tf, networkOptions(program, segments, seedWords(SEED)));
    const weights = new Float32Array(program.contribution.scalarsAt / 4);
    expand(segments, testParameters(segments), weights);
    network.load(weights);
    const sums = new Float32Array(weights.length).fill(Number.NaN); // of a step before
    const done: string[] = [];
    const ends = shares.map((_, i) =>
      shares
        .slice(0, i + 1)
        .flat()
        .reduce((a, b) => a + b, 0),
    );
    const upload = (i: number): Uploaded => {
      done.push(`upload ${i}`);
      const [from, to] = [ends[i - 1] ?? 0, ends[i]!];
      return network.upload(to - from, [x.subarray(4 * from, 4 * to)]);
    };
    let next: Uploaded | null = null;
    for (const [i, leaves] of shares.entries()) {
      const [from, to] = [ends[i - 1] ?? 0, ends[i]!];
      const leafEnds = leaves.map((_, leaf) => leaves.slice(0, leaf + 1).reduce((a, b) => a + b, 0));
      const kept = sums.slice();
      await network.run(
        { mode: 'train', rows: to - from, slot: from, step: 0, leafEnds, inputs: next ?? upload(i) },
        {
          losses() {
            done.push(`losses ${i}`);
            return [dY.subarray(2 * from, 2 * to)];
          },
          sums,
          adds: i > 0,
          meanwhile() {
            assert.deepEqual(sums, kept, 'sums were read before the next samples were brought');
            next = i + 1 < shares.length ? upload(i + 1) : null;
          },
        },
      );
    }
    network.dispose();
    assert.equal(tf.memory().numTensors, before);
    return { sums: segments.map(({ at, length }) => sums.slice(at, at + length)), done };
  }

  it('brings the samples of the next device batch while one computes, and its sums are within 1e-6 of those of one batch', async () => {
    const apart = await run([first, second]);
    const together = await run([[...first, ...second]]);
    assert.deepEqual(apart.done, ['upload 0', 'losses 0', 'upload 1', 'losses 1']);
    for (const [i, { path }] of segments.entries())
      assert.ok(relativeError(apart.sums[i]!, together.sums[i]!) <= 1e-6, path);
  });
});

describe("a network on tfjs' wasm backend", () => {
  it('leaves in its memory what the first batches left, after 200 that take megabytes each: no more data, and no larger a heap', async () => {
    const tf = await backends['tfjs-wasm'].load();
    const layers = [
      ['Conv2D', { filters: 8, kernel_size: 3, padding: 'same', activation: 'relu' }],
      ['MaxPooling2D', { pool_size: 2 }],
      ['DepthwiseConv2D', { kernel_size: 3 }],
      ['BatchNormalization'],
      ['Flatten'],
      ['Dense', { units: 2 }],
    ] as const;
    const { program, segments } = programOf({
      model: modelOf([24, 24, 3], layers),
      loss: 'MeanSquaredError',
      rows: 16,
    });
    const network = createNetwork(tf, networkOptions(program, segments, seedWords(SEED)));
    const sums = new Float32Array(program.contribution.scalarsAt / 4);
    const images = Float32Array.from(drawn('images', 16 * 24 * 24 * 3));
    const dY = Float32Array.from(drawn('dY', 16 * 2));
    const backend = tf.backend() as BackendWasm;
    const state = () => ({ data: backend.numDataIds(), heap: heapOf(backend).memory.buffer.byteLength });
    let first: ReturnType<typeof state> | null = null;
    for (let step = 0; step < 220; step++) {
      if (step === 20) first = state();
      expand(segments, testParameters(segments), sums);
      network.load(sums); // as after each update
      const inputs = network.upload(16, [images]);
      const mode = step % 4 === 3 ? 'evaluate' : 'train';
      const batch = { mode, rows: 16, slot: 0, step, leafEnds: [8, 16], inputs } as const;
      await network.run(batch, { losses: () => [dY], sums, adds: false });
    }
    assert.deepEqual(state(), first);
    network.dispose();
  });
});
