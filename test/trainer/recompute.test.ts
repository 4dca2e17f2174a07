// recompute.test.ts: activations computed again: the same bits in less memory. Where a job needs that: prepare.test.ts.
import assert from 'node:assert/strict';
import { waysToCut } from '../../trainer/recompute.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { modelOf, type Node } from '../cases/layer.ts';
import { createHost } from '../support/host-plan.ts';
import { ask, SEED } from '../support/parity.ts';

const conv = (filters: number): Node => ['Conv2D', { filters, kernel_size: 3, padding: 'same', activation: 'relu' }];
/** Residual blocks with everything that must be the same when it is computed again: statistics, dropout, maxima, zeros around. */
const model = modelOf(
  [12, 10, 3],
  [
    conv(8),
    ['BatchNormalization'],
    conv(8),
    ['Dropout', { rate: 0.3 }],
    ['Add', {}, ['dropout_3', 'conv2d_0']],
    conv(8),
    ['BatchNormalization'],
    ['Activation', { activation: 'gelu' }],
    ['Add', {}, ['activation_7', 'add_4']],
    ['MaxPooling2D', {}],
    conv(8),
    ['Dropout', { rate: 0.2 }],
    ['Add', {}, ['dropout_11', 'maxpooling2d_9']],
    ['Flatten'],
    ['Dense', { units: 4, activation: 'softmax' }],
  ],
);
const question = { model, loss: 'SparseCategoricalCrossentropy', shares: [5, 4] } as const;

describe('activations computed again', () => {
  const ways = waysToCut(model, segmentsOf(model).shapes);
  const { batch } = ask(question);
  const run = (cuts: readonly string[]) => {
    const host = createHost({ ...question, rows: 5, seed: SEED, cuts });
    return {
      ...host.run('train', batch),
      bytes: host.program.plans.train.arenaBytes,
      flops: host.program.plans.train.flops,
    };
  };
  const whole = run([]);
  it('are offered in several parts', () => {
    assert.ok(ways.length >= 3, `${ways.length}`);
    assert.deepEqual([...new Set(ways.map((way) => way.length))].length, ways.length);
  });
  for (const cuts of ways) {
    it(`behind ${cuts.join(', ')} give the same bits`, () => {
      const { loss, gradients, flops } = run(cuts);
      assert.equal(loss, whole.loss);
      assert.deepEqual(gradients, whole.gradients);
      assert.ok(flops > whole.flops);
    });
  }
  it('take less memory', () => {
    const least = Math.min(...ways.map((cuts) => run(cuts).bytes));
    assert.ok(least <= 0.8 * whole.bytes, `${least} of ${whole.bytes} bytes`);
  });
});
