// activations.test.ts: activations and the layers that are one beside Keras' own values and gradients (test/golden/make-activations.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { activations } from '../../../trainer/layers/activations.ts';
import { modelOf, type Node } from '../../cases/layer.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';

interface Golden {
  readonly y: readonly number[];
  readonly gradient: readonly number[];
}
const file = new URL('../fixtures/keras3-activations.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly x: readonly number[];
  readonly weights: readonly number[];
  readonly functions: Readonly<Record<string, Golden>>;
  readonly layers: Readonly<Record<string, Golden & { readonly config: object }>>;
};

/**
 * Output and gradient of a layer at golden.x, for the loss sum of y times golden.weights. The input is 1, so the first Dense layer's
 * kernel is golden.x, whose gradient shows; the loss (y - target)^2 / n has slope 2 (y - target) / n.
 */
function ours(node: Node): Golden {
  const n = golden.x.length;
  const model = modelOf([1], [['Dense', { units: n, use_bias: false }], node]);
  const host = createHost({ model, loss: 'MeanSquaredError', rows: 1 });
  const batch = { parameters: Float32Array.from(golden.x), images: Float32Array.of(1), shares: [1] };
  const y = [...host.run('predict', { ...batch, labels: new Float32Array(n) }).output];
  const labels = Float32Array.from(y, (value, i) => value - (golden.weights[i]! * n) / 2);
  return { y, gradient: [...host.run('train', { ...batch, labels }).gradients] };
}

function check(node: Node, expected: Golden): void {
  const { y, gradient } = ours(node);
  assert.ok(relativeError(y, expected.y) <= 1e-6, `y off by ${relativeError(y, expected.y)}`);
  assert.ok(relativeError(gradient, expected.gradient) <= 2e-6, `off by ${relativeError(gradient, expected.gradient)}`);
}

describe('activations', () => {
  it('all have values of Keras to compare with', () => {
    assert.deepEqual(Object.keys(golden.functions).sort(), Object.keys(activations).sort());
  });
  for (const [activation, expected] of Object.entries(golden.functions)) {
    it(`${activation} is within 1e-6 of Keras', its gradient within 2e-6`, () =>
      check(['Activation', { activation }], expected));
  }
  for (const [className, { config, ...expected }] of Object.entries(golden.layers)) {
    it(`${className} ${JSON.stringify(config)} is within 1e-6 of Keras', its gradient within 2e-6`, () =>
      check([className, config], expected));
  }
  for (const [other, name] of [
    ['swish', 'silu'],
    ['hard_swish', 'hard_silu'],
  ] as const) {
    it(`${other} is read as ${name}`, () => {
      const model = modelOf([3], [['Dense', { units: 2, activation: other }]]);
      assert.equal(model.layers['dense_0']!.config['activation'], name);
    });
  }
});
