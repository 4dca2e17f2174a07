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
});
