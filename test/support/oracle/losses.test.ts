// losses.test.ts: every loss, and its gradient, beside what Keras 3.15.1 gives for them (test/golden/make-losses.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type LossConfig, losses } from '../../../trainer/losses/index.ts';
import { relativeError } from '../compare.ts';
import { type LossName, meanLoss } from './losses.ts';
import { Tape, tensor } from './tape.ts';

interface Golden {
  readonly class_name: LossConfig['class_name'];
  readonly config: Readonly<Record<string, unknown>>;
  readonly given: readonly number[][];
  readonly targets: readonly (number | number[])[];
  readonly loss: number;
  readonly gradient: readonly number[][];
}
const golden: readonly Golden[] = JSON.parse(
  readFileSync(new URL('../../golden/losses.json', import.meta.url), 'utf8'),
);

describe('float64 losses', () => {
  for (const { class_name, config, given, targets, loss, gradient } of golden) {
    // Keras keeps probabilities 1e-7 away from 0 and 1
    it(`give Keras' loss and gradient within 1e-6: ${class_name} ${JSON.stringify(config)}`, () => {
      const tape = new Tape();
      const x = tensor([given.length, 3], Float64Array.from(given.flat()));
      const name = losses[class_name].kind.name as LossName;
      const total = meanLoss(tape, x, targets.flat(), name, true, config);
      tape.backward(total);
      assert.ok(relativeError(total.data, [loss]) <= 1e-6, `${total.data[0]} for ${loss}`);
      assert.ok(relativeError(x.gradient, gradient.flat()) <= 1e-6, `${x.gradient} for ${gradient}`);
    });
  }

  it('have a golden case each', () => {
    assert.deepEqual([...new Set(golden.map((it) => it.class_name))].sort(), Object.keys(losses).sort());
  });
});
