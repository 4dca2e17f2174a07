// ids.test.ts: models of ids through train(): what they learn, and ids out of range at the edge.
import assert from 'node:assert/strict';
import { train } from '../../trainer/train-model.ts';

const model = {
  class_name: 'Sequential',
  config: {
    layers: [
      { class_name: 'InputLayer', config: { batch_shape: [null, 4], dtype: 'int32' } },
      { class_name: 'Embedding', config: { input_dim: 12, output_dim: 6 } },
      { class_name: 'Flatten', config: {} },
      { class_name: 'Dense', config: { units: 3, activation: 'softmax' } },
    ],
  },
};
/** The class is the first id modulo 3. */
const samples = <A extends Uint8Array | Int32Array | Float32Array>(Kind: { from(n: number[]): A }, n: number) => {
  const ids = Array.from({ length: 4 * n }, (_, i) => (i * i * 7 + i) % 12);
  return { images: Kind.from(ids), labels: Int32Array.from({ length: n }, (_, i) => ids[4 * i]! % 3) };
};
const options = { loss: 'sparse_categorical_crossentropy', batch: 16, epochs: 30, threads: 1 } as const;

describe('models of ids', () => {
  it('learn, to the same bytes whether ids come as bytes, whole numbers or floats', async function () {
    this.timeout(30_000);
    const runs = [];
    for (const Kind of [Uint8Array, Int32Array, Float32Array]) {
      const part = samples(Kind as typeof Int32Array, 96);
      runs.push(await train(model, { train: part, test: part }, options));
    }
    assert.ok(Number(runs[0]!.metrics['accuracy']) > 0.95, JSON.stringify(runs[0]!.metrics));
    for (const run of runs) assert.equal(run.hashes.parameters, runs[0]!.hashes.parameters);
    const { outputs } = await runs[0]!.predict(Int32Array.of(1, 2, 3, 4));
    assert.equal(outputs.length, 3);
    await assert.rejects(runs[0]!.predict(Int32Array.of(1, 2, 3, 12)), { code: 'SHOAL_DATA_ID' });
  });

  for (const [what, id] of [
    ['beyond the table', 12],
    ['below 0', -1],
    ['no whole number', 1.5],
  ] as const) {
    it(`refuse an id ${what}, with its place`, async () => {
      const part = samples(Float32Array, 16);
      part.images[9] = id;
      const expected = { code: 'SHOAL_DATA_ID', got: `id ${id} at place 1 of sample 2` };
      await assert.rejects(train(model, { train: part, test: part }, options), expected);
    });
  }
});
