// optimizers.test.ts: three steps of each optimizer beside what Keras 3.15.1 (jax backend, float64) gives for them.
import assert from 'node:assert/strict';
import { relativeError } from '../compare.ts';
import { type OptimizerConfig, oracleOptimizer } from './index.ts';

const start = [1, -2, 0.5];
const gradients = [
  [0.1, -0.3, 2],
  [-0.2, 0.4, 0],
  [0.5, 0.05, -1],
];
const golden: readonly [OptimizerConfig['className'], OptimizerConfig['config'], number[]][] = [
  ['SGD', { learning_rate: 0.1 }, [0.96, -2.0149999999999997, 0.4]],
  ['SGD', { learning_rate: 0.1, weight_decay: 0.01 }, [0.957002989, -2.0090259679999996, 0.3989012995]],
  ['SGD', { learning_rate: 0.1, momentum: 0.9 }, [0.9608999999999999, -1.9996999999999998, 0.05799999999999994]],
  [
    'SGD',
    { learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01 },
    [0.92182108, -2.0087982410000005, 0.0016231194999999504],
  ],
  ['Adam', { learning_rate: 0.01 }, [0.988983961034453, -1.9940596629106564, 0.4815267743979405]],
  [
    'Adam',
    { learning_rate: 0.01, beta_1: 0.8, beta_2: 0.95, epsilon: 1e-3 },
    [0.9894406179386085, -1.9951441907323495, 0.48276852944236126],
  ],
  ['AdamW', { learning_rate: 0.01 }, [0.9888646193537524, -1.9938203950824216, 0.4814678448035213]],
  ['AdamW', { learning_rate: 0.01, weight_decay: 0.1 }, [0.9860032884188427, -1.9880837156080948, 0.4800549644382751]],
];

describe('float64 optimizers', () => {
  for (const [className, config, expected] of golden) {
    it(`take Keras' three steps within 1e-12: ${className} ${JSON.stringify(config)}`, () => {
      const weights = { w: Float64Array.from(start) };
      const step = oracleOptimizer({ className, config });
      for (const g of gradients) step(weights, { w: Float64Array.from(g) });
      assert.ok(relativeError(weights.w, expected) <= 1e-12, `${weights.w}`);
    });
  }

  it('take the rate of a schedule in place of learning_rate', () => {
    const weights = { w: Float64Array.of(1) };
    oracleOptimizer({ className: 'SGD', config: { learning_rate: 0.1 } })(weights, { w: Float64Array.of(2) }, 0.25);
    assert.equal(weights.w[0], 0.5);
  });
});
