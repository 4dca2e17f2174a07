// oracle.test.ts: the oracle beside central differences, tfjs and values worked out by hand.
import assert from 'node:assert/strict';
import { draws, type Seed, unit } from '../../../base/random.ts';
import type { Model } from '../../../trainer/model.ts';
import { dataFor, dropoutCase, modelCases } from '../../cases/model.ts';
import { relativeError } from '../compare.ts';
import { assertGradient } from '../grad-check.ts';
import { tfjsOracle } from '../tfjs.ts';
import { type OracleRequest, oracle } from './index.ts';

const seed: Seed = [3, 9];

function checkAllGradients(request: OracleRequest): void {
  const { gradients, inputGradient } = oracle(request);
  for (const [path, { shape, data }] of Object.entries(request.weights)) {
    const f = (w: Float64Array) =>
      oracle({ ...request, weights: { ...request.weights, [path]: { shape, data: w } } }).loss;
    assertGradient({ f, x: data, gradient: gradients[path]!, tolerance: 1e-6, samples: 60 }, path);
  }
  const f = (x: Float64Array) => oracle({ ...request, x: { shape: request.x.shape, data: x } }).loss;
  assertGradient({ f, x: request.x.data, gradient: inputGradient, tolerance: 1e-6, samples: 60 }, 'input');
}

describe('float64 oracle', () => {
  for (const c of modelCases) {
    const request: OracleRequest = { ...c, ...dataFor(c, 3) };
    it(`has the gradients of central differences within 1e-6: ${c.title}`, () => checkAllGradients(request));

    it(`agrees with tfjs' cpu backend within 1e-5 on loss, output and gradients: ${c.title}`, async () => {
      const ours = oracle(request);
      const theirs = await tfjsOracle(request);
      assert.ok(relativeError([theirs.loss], [ours.loss]) <= 1e-5, 'loss');
      assert.deepEqual(theirs.output.shape, ours.output.shape);
      assert.ok(relativeError(theirs.output.data, ours.output.data) <= 1e-5, 'output');
      for (const [path, gradient] of Object.entries(ours.gradients))
        assert.ok(relativeError(theirs.gradients[path]!, gradient) <= 1e-5, path);
    });
  }

  it('has the gradients of central differences within 1e-6 under dropout', () =>
    checkAllGradients({ ...dropoutCase, ...dataFor(dropoutCase, 3), dropout: { seed, step: 4, firstSlot: 8 } }));

  it('drops what the counter-based draws of (seed, step, slot, call) say, and scales the rest', () => {
    const model: Model = {
      name: 'drop',
      inputs: [{ name: 'x', spec: { shape: [6] } }],
      layers: { drop: { className: 'Dropout', config: { rate: 0.4 } } },
      calls: [{ name: 'drop', layer: 'drop', inputs: ['x'] }],
      outputs: ['drop'],
    };
    const x = { shape: [2, 6], data: new Float64Array(12).fill(1) };
    const labels = new Array(12).fill(0);
    const request = { model, weights: {}, x, labels, loss: 'mean_squared_error' } as const;
    const { output } = oracle({ ...request, dropout: { seed, step: 5, firstSlot: 32 } });
    const expected = [32, 33].flatMap((slot) => {
      const word = draws(seed, slot, 0, 5);
      return [0, 1, 2, 3, 4, 5].map((i) => (unit(word(i)) >= 0.4 ? 1 / (1 - 0.4) : 0));
    });
    assert.deepEqual(Array.from(output.data), expected);
    assert.deepEqual(oracle(request).output.data, x.data);
  });

  it('gives the gradient of tied maxima to the first of them', () => {
    const model: Model = {
      name: 'pool',
      inputs: [{ name: 'x', spec: { shape: [2, 2, 1] } }],
      layers: { pool: { className: 'MaxPooling2D', config: { pool_size: [2, 2], strides: [2, 2], padding: 'valid' } } },
      calls: [{ name: 'pool', layer: 'pool', inputs: ['x'] }],
      outputs: ['pool'],
    };
    const x = { shape: [1, 2, 2, 1], data: Float64Array.of(-2, -1, -1, -3) };
    const result = oracle({ model, weights: {}, x, labels: [0], loss: 'mean_squared_error' });
    assert.deepEqual(Array.from(result.inputGradient), [0, -2, 0, 0]);
  });
});
