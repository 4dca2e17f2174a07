// generate.test.ts: ids one after another: how one is drawn, that nothing behind is looked at, and that the same seed says the same.
import assert from 'node:assert/strict';
import { generate, pick } from '../../trainer/generate.ts';
import { initializeWeights } from '../../trainer/initialize.ts';
import { parseJob } from '../../trainer/job.ts';

const jobOf = (model: object, more: object = {}) =>
  parseJob(
    { model, data: { reader: 'text' }, loss: 'sparse_categorical_crossentropy', optimizer: 'adam', epochs: 1, ...more },
    'text.json',
  );
const tiny = { builder: 'gpt_nano', width: 8, depth: 1, heads: 2, inner: 8, vocabulary: 11, length: 6 };

describe('generation', () => {
  const job = jobOf(tiny);
  const snapshot = initializeWeights(job.model, 4);
  const go = (prompt: readonly number[], options: object = {}) => [
    ...generate({ job, snapshot, prompt, count: 9, temperature: 1, topK: 0, seed: 5, ...options }),
  ];

  it('draws an id with the probability that its score gives', () => {
    const scores = [Math.log(0.2), Math.log(0.5), Math.log(0.3)];
    const at = (draw: number, temperature = 1, topK = 0) => pick(scores, temperature, topK, draw);
    assert.deepEqual([at(0), at(0.49), at(0.51), at(0.79), at(0.81), at(0.999)], [1, 1, 2, 2, 0, 0]);
    assert.deepEqual([at(0.7, 1, 2), at(0.99, 1, 2)], [2, 2], 'of the two likeliest');
    assert.deepEqual([at(0.99, 0), at(0.99, 0.01)], [1, 1], 'cold: the likeliest');
  });

  it('gives the same ids for the same seed, and others for another', () => {
    const ids = go([1, 2]);
    assert.equal(ids.length, 9);
    assert.ok(ids.every((id) => id >= 0 && id < 11));
    assert.deepEqual(go([1, 2]), ids);
    assert.notDeepEqual(go([1, 2], { seed: 6 }), ids);
  });

  it('goes on from the last ids that the model has places for', () => {
    assert.deepEqual(go([7, 7, 7, 1, 2, 3, 4, 5, 6]), go([1, 2, 3, 4, 5, 6]));
  });

  it('is refused for a model that gives one answer a sample', () => {
    const other = jobOf({
      builder: 'transformer_encoder',
      width: 8,
      depth: 1,
      heads: 2,
      inner: 8,
      vocabulary: 11,
      length: 6,
    });
    const options = { prompt: [1], count: 1, temperature: 1, topK: 0, seed: 1 };
    const weights = initializeWeights(other.model, 4);
    assert.throws(() => [...generate({ job: other, snapshot: weights, ...options })], /SHOAL_SHAPE|places, ids/);
  });
});
