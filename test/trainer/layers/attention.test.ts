// attention.test.ts: MultiHeadAttention and masks beside Keras' own values and gradients (test/golden/make-attention.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseModel } from '../../../trainer/parse-model.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';

interface Golden {
  readonly model: object;
  readonly x: readonly number[];
  readonly target: readonly number[];
  /** In Keras' order. */
  readonly weights: readonly (readonly number[])[];
  readonly output: readonly number[];
  /** Of the mean squared error. */
  readonly loss: number;
  readonly gradients: readonly (readonly number[])[];
}
const file = new URL('../fixtures/keras3-attention.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: Readonly<Record<string, Golden>> };

describe('attention', () => {
  for (const [title, golden] of Object.entries(cases))
    it(`${title}: output, loss and every gradient within 1e-5 of Keras, weights in its order`, () => {
      const model = parseModel(golden.model);
      const rows = golden.x.length / model.inputs[0]!.spec.shape.reduce((a, b) => a * b, 1);
      const host = createHost({ model, loss: 'MeanSquaredError', rows });
      const [images, labels] = [Float32Array.from(golden.x), Float32Array.from(golden.target)];
      const batch = { parameters: Float32Array.from(golden.weights.flat()), images, labels, shares: [rows] };
      assert.ok(relativeError(host.run('predict', batch).output, golden.output) <= 1e-5);
      const { loss, gradients } = host.run('train', batch);
      assert.ok(relativeError([loss / rows], [golden.loss]) <= 1e-5);
      assert.equal(host.segments.length, golden.gradients.length);
      host.segments.forEach(({ path, flat, length }, i) => {
        const ours = gradients.slice(flat, flat + length).map((g) => g / rows);
        const theirs = golden.gradients[i]!;
        // what moves all scores of a query alike, as a key's bias does, has no gradient but rounding
        if (Math.hypot(...theirs) < 1e-6) assert.ok(Math.hypot(...ours) < 1e-6, path);
        else assert.ok(relativeError(ours, theirs) <= 1e-5, `${path}: ${relativeError(ours, theirs)}`);
      });
    });

  it('refuses to drop weights where one sample has more of them than there are draws', () => {
    const of = (places: number, dropout: number) => () =>
      parseModel({
        class_name: 'Functional',
        config: {
          name: 'long',
          layers: [
            {
              class_name: 'InputLayer',
              config: { name: 'x', batch_shape: [null, places, 1] },
              name: 'x',
              inbound_nodes: [],
            },
            {
              class_name: 'MultiHeadAttention',
              config: { name: 'a', num_heads: 17, key_dim: 1, dropout },
              name: 'a',
              inbound_nodes: [
                [
                  ['x', 0, 0, {}],
                  ['x', 0, 0, {}],
                ],
              ],
            },
          ],
          input_layers: [['x', 0, 0]],
          output_layers: [['a', 0, 0]],
        },
      });
    assert.throws(
      of(32_768, 0.1),
      /"a": got dropout 0.1 of 18253611008 weights a sample.*expected at most 17179869184/s,
    );
    assert.doesNotThrow(of(32_768, 0));
    assert.doesNotThrow(of(31_000, 0.1));
  });
  it("takes Keras 3's nodes: value and key by name, and use_causal_mask of the call", () => {
    const tensor = (name: string) => ({
      class_name: '__keras_tensor__',
      config: { shape: [null, 5, 4], dtype: 'float32', keras_history: [name, 0, 0] },
    });
    const node = (kwargs: object) => ({ args: [tensor('x')], kwargs });
    const read = (...nodes: readonly object[]) =>
      parseModel({
        class_name: 'Functional',
        config: {
          layers: [
            { class_name: 'InputLayer', config: { batch_shape: [null, 5, 4], name: 'x' } },
            {
              class_name: 'MultiHeadAttention',
              config: { num_heads: 2, key_dim: 3, name: 'mha' },
              inbound_nodes: nodes,
            },
          ],
          input_layers: [['x', 0, 0]],
          output_layers: nodes.map((_, i) => ['mha', i, 0]),
        },
      });
    const model = read(node({ value: tensor('x'), key: tensor('x'), use_causal_mask: true, training: null }));
    assert.deepEqual(model.calls, [{ name: 'mha', layer: 'mha', inputs: ['x', 'x', 'x'] }]);
    assert.equal(model.layers['mha']!.config['use_causal_mask'], true);
    const causal = node({ value: tensor('x'), use_causal_mask: true });
    assert.throws(() => read(causal, node({ value: tensor('x') })), /some calls with use_causal_mask/);
    assert.throws(() => read(node({ value: tensor('x'), return_attention_scores: true })), /not supported/);
  });
});
