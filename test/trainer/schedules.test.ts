// schedules.test.ts: rates of schedules beside Keras' and PyTorch's (test/golden/make-optimizers.py), and what a job may say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rateAt, rateSchema, schedules } from '../../trainer/schedules/index.ts';

interface Golden {
  readonly at: readonly number[];
  readonly schedules: readonly { readonly class_name: string; readonly config: object; readonly rates: number[] }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL('../golden/optimizers.json', import.meta.url), 'utf8'));

describe('a schedule', () => {
  for (const { class_name, config, rates } of golden.schedules) {
    // Keras computes in float32 where a step comes in
    it(`gives the original's rates within 1e-6 of the first: ${class_name} ${JSON.stringify(config)}`, () => {
      const rate = rateSchema(1).parse({ class_name, config });
      golden.at.forEach((step, i) => {
        const error = Math.abs(rateAt(rate, step) - rates[i]!);
        assert.ok(error <= 1e-6 * Math.max(...rates), `step ${step}: ${rateAt(rate, step)} for ${rates[i]}`);
      });
    });
  }

  it('has a golden case for each of the registry', () => {
    const held = new Set(golden.schedules.map(({ class_name }) => class_name));
    assert.deepEqual([...held].sort(), Object.keys(schedules).sort());
  });

  it('restarts after a warm-up where CosineDecayRestarts has one', () => {
    const config = { initial_learning_rate: 0.01, first_decay_steps: 10, warmup_target: 0.1, warmup_steps: 5 };
    const rate = rateSchema(1).parse({ class_name: 'CosineDecayRestarts', config });
    const plain = rateSchema(1).parse({
      class_name: 'CosineDecayRestarts',
      config: { initial_learning_rate: 0.1, first_decay_steps: 10 },
    });
    assert.equal(rateAt(rate, 0), 0.01);
    for (const step of [0, 3, 9, 10, 29]) assert.equal(rateAt(rate, 5 + step), rateAt(plain, step));
  });

  it('is refused with options that it does not have, or fewer values than stretches', () => {
    const config = { initial_learning_rate: 0.1, decay_steps: 3, decay_rate: 0.5, nothing: 1 };
    assert.throws(() => rateSchema(1).parse({ class_name: 'ExponentialDecay', config }));
    const values = { boundaries: [3, 5], values: [1, 2] };
    assert.throws(() => rateSchema(1).parse({ class_name: 'PiecewiseConstantDecay', config: values }));
  });
});
