// layers.test.ts: layers beside Keras' own outputs and gradients, read from the configurations that Keras wrote
// (test/golden/make-layers.py). Several inputs, and gradients of inputs: gradients.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { elements } from '../../../trainer/model.ts';
import { modelOf } from '../../cases/layer.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';

interface Golden {
  readonly class_name: string;
  readonly config: object;
  /** Without the batch of 2. */
  readonly input: readonly number[];
  /** Shapes of the weights. */
  readonly weights: readonly (readonly number[])[];
  readonly y: readonly number[];
  /** Of the sum of y times ramp(7). */
  readonly gradients: readonly (readonly number[])[];
}
const file = new URL('../fixtures/keras3-layers.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as readonly Golden[];

/** The numbers that make-layers.py uses. */
const ramp = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * step) % 17) / 8 - 1);

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const error = relativeError(actual, expected);
  assert.ok(error <= 2e-6, `${what} is off by ${error}`);
}

describe('layers of Keras', () => {
  for (const { class_name, config, input, weights, y, gradients } of golden) {
    const last = y.length / 2;
    it(`${class_name} on (${input}) gives Keras' output and gradients within 2e-6, weights in Keras' order`, () => {
      const model = modelOf(input, [[class_name, config]]);
      const host = createHost({ model, loss: 'MeanSquaredError', rows: 2 });
      assert.deepEqual(
        host.segments.map(({ shape }) => shape),
        weights,
      );
      const parameters = Float32Array.from(weights.flatMap((shape, i) => [...ramp(elements(shape), 3 + 2 * i)]));
      const batch = { parameters, images: ramp(2 * elements(input), 5), shares: [2] };
      const output = host.run('predict', { ...batch, labels: new Float32Array(y.length) }).output;
      close(output, y, 'the output');
      if (weights.length === 0) return;
      // the loss (y - target)^2 / n has slope 2 (y - target) / n: it is made the ramp
      const slope = ramp(y.length, 7);
      const labels = Float32Array.from(output, (v, i) => v - (slope[i]! * last) / 2);
      const flat = host.run('train', { ...batch, labels }).gradients;
      host.segments.forEach(({ flat: at, length }, i) => {
        close(flat.subarray(at, at + length), gradients[i]!, `the gradient of weight ${i}`);
      });
    });
  }
});
