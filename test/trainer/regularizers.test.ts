// regularizers.test.ts: penalties and constraints of weights: Keras' steps, and the same bytes on any machine.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { modelToTfjs } from '../../trainer/export/tfjs.ts';
import { parseJob } from '../../trainer/job.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { mostRanges, rangesOf } from '../../trainer/ranges.ts';
import { runSession } from '../../trainer/session.ts';
import { flatWeights, freshSnapshot, snapshotWeights } from '../../trainer/snapshot.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { relativeError } from '../support/compare.ts';
import { boundedMlp, smallJob } from '../support/small-jobs.ts';
import { lastEvent, outcome, smallRun } from '../support/small-run.ts';

interface Golden {
  readonly model: object;
  readonly shape: readonly number[];
  readonly optimizer: { readonly class_name: string };
  readonly losses: readonly number[];
  readonly held_out: number;
  readonly weights: Readonly<Record<string, readonly number[]>>;
}
const goldens = JSON.parse(
  readFileSync(new URL('../golden/regularizers.json', import.meta.url), 'utf8'),
) as readonly Golden[];

/** As make-regularizers.py makes them. */
const wave = (count: number, k: number, scale: number) =>
  Float32Array.from({ length: count }, (_, i) => scale * Math.sin((i + 1) * (k + 1.37)));

describe('regularizers and constraints', () => {
  for (const [i, golden] of goldens.entries()) {
    it(`take Keras' steps by ${golden.optimizer.class_name}, model ${i >> 1}: losses within 1e-5, weights within 3e-5`, async () => {
      const job = parseJob(
        {
          ...{ name: 'golden', model: golden.model, data: { reader: 'arrays' }, optimizer: golden.optimizer },
          ...{ loss: 'sparse_categorical_crossentropy', batch: 8, microShards: 2, epochs: golden.losses.length },
        },
        'test',
      );
      const weights = snapshotWeights(job.model, {
        parameters: new Float32Array(segmentsOf(job.model).counts.parameters),
        state: new Float32Array(0),
      });
      const first = weights.map(({ name, shape, data }, k) => ({ name, shape, data: wave(data.length, k, 0.4) }));
      const size = golden.shape.reduce((a, b) => a * b, 1);
      const samples = readerFromArrays({
        fields: { image: { shape: golden.shape, dtype: 'f32' }, label: { shape: [], dtype: 'i32' } },
        data: { image: wave(8 * size, 3, 1), label: Int32Array.from({ length: 8 }, (_, n) => n % 3) },
        classes: 3,
      });
      const losses: number[] = [];
      const { done, weights: last } = await runSession({
        ...{ job, dataset: { train: samples, test: samples }, threads: 1 },
        start: freshSnapshot(job, flatWeights(job.model, first)),
        onEvent: (event) => event.event === 'step' && losses.push(event.loss),
      });
      assert.ok(relativeError(losses, golden.losses) < 1e-5, `${losses} beside ${golden.losses}`);
      assert.ok(relativeError([done.metrics['loss'] as number], [golden.held_out]) < 1e-5);
      const ours = snapshotWeights(job.model, last);
      for (const [n, [path, expected]] of Object.entries(golden.weights).entries()) {
        const error = relativeError(ours[n]!.data, expected);
        assert.ok(error < 3e-5, `${path}: ${error}`);
      }
    });
  }

  it('give the same hashes, losses and metrics on any number of threads, in teams, ranges and bundles', async () => {
    const job = smallJob(boundedMlp, { batch: 12, microShards: 5 });
    const result = async (machine: object) => {
      const run = await smallRun(job, machine);
      return [outcome(run), run.events.flatMap((e) => (e.event === 'step' ? [e.loss] : []))];
    };
    const expected = await result({ threads: 1, teamSize: 1, ranges: 1, level: 0 });
    for (const [threads, teamSize, ranges, level] of [
      [2, 1, 3, 1],
      [3, 3, 7, 2],
    ])
      assert.deepEqual(await result({ threads, teamSize, ranges, level }), expected);
  });

  it('count nothing of frozen weights, and of resting ones once they are trained', async () => {
    const until = smallJob(boundedMlp, { batch: 43, microShards: 1, freeze: [{ layers: 'dense', until: 1 }] });
    const frozen = smallJob(boundedMlp, { batch: 43, microShards: 1, freeze: ['dense'] });
    const losses = async (job: typeof until) =>
      (await smallRun(job)).events.flatMap((e) => (e.event === 'step' ? [e.loss] : []));
    const [first, second] = await losses(until);
    const [fixed, after] = await losses(frozen);
    assert.equal(first, fixed);
    assert.ok(second! > after! + 0.1, `${second} beside ${after}`);
  });

  it('leave a tensor whose lengths are bounded to one owner', () => {
    const { parameters } = segmentsOf(smallJob(boundedMlp).model);
    assert.equal(mostRanges(parameters), 6);
    for (const range of rangesOf(parameters, 6)) assert.equal(range.filter(({ from, to }) => from < to).length, 1);
    const [kernel] = rangesOf(parameters, 2)[0]!;
    assert.deepEqual(kernel, { from: 0, to: 2 });
  });

  it('come back from tfjs as they went, L1 and L2 as its L1L2', async () => {
    const model = await tf.models.modelFromJSON({
      modelTopology: modelToTfjs(smallJob(boundedMlp).model),
    } as unknown as tf.io.ModelJSON);
    const { layers } = parseModel(model.toJSON(null, false));
    const [first, second] = Object.values(layers).filter(({ className }) => className === 'Dense');
    assert.deepEqual(first!.config['kernel_regularizer'], { class_name: 'L1L2', config: { l1: 0, l2: 0.01 } });
    assert.deepEqual(first!.config['kernel_constraint'], {
      class_name: 'MaxNorm',
      config: { max_value: 0.7, axis: 0 },
    });
    assert.deepEqual(second!.config['kernel_regularizer'], { class_name: 'L1L2', config: { l1: 0.01, l2: 0 } });
  });

  it('refuse axes of a weight that are no neighbours', () => {
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 8, 8, 1] } },
      {
        class_name: 'Conv2D',
        config: {
          ...{ filters: 2, kernel_size: 3 },
          kernel_constraint: { class_name: 'MaxNorm', config: { axis: [0, 2] } },
        },
      },
    ];
    assert.throws(() => parseModel({ class_name: 'Sequential', config: { name: 'it', layers } }), {
      code: 'SHOAL_MODEL',
      got: /axis \[0,2\]/,
    });
  });

  it('tell the penalty as part of the loss, and each output without it', async () => {
    const run = await smallRun(smallJob(boundedMlp, { batch: 12, microShards: 5, epochs: 1 }));
    const plain = await smallRun(
      smallJob(
        boundedMlp.map(({ class_name, config }) => ({
          class_name,
          config: { ...config, ...(class_name === 'Dense' && { kernel_regularizer: null }) },
        })),
        { batch: 12, microShards: 5, epochs: 1 },
      ),
    );
    const first = (of: typeof run) => of.events.find((e) => e.event === 'step')!;
    const [a, b] = [first(run), first(plain)];
    assert.ok(a.event === 'step' && b.event === 'step' && a.loss > b.loss + 0.5);
    assert.equal(lastEvent(run.events, 'done').reason, 'done');
  });
});
