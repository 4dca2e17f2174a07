// optimizers.test.ts: five steps of each optimizer beside what Keras 3.15.1 and timm give for them (test/golden/make-optimizers.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rateAt } from '../../../trainer/schedules/index.ts';
import { relativeError } from '../compare.ts';
import { oracleOptimizer } from './index.ts';

interface Golden {
  readonly start: Readonly<Record<string, number[]>>;
  readonly gradients: readonly Readonly<Record<string, number[]>>[];
  readonly optimizers: readonly {
    readonly class_name: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly steps: readonly Readonly<Record<string, number[]>>[];
    readonly average?: Readonly<Record<string, number[]>>;
  }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL('../../golden/optimizers.json', import.meta.url), 'utf8'));
const vectors = (of: Readonly<Record<string, number[]>>) =>
  Object.fromEntries(Object.entries(of).map(([name, values]) => [name, Float64Array.from(values)]));

describe('float64 optimizers', () => {
  for (const { class_name: className, config, steps, average } of golden.optimizers) {
    it(`take the original's five steps within 1e-9: ${className} ${JSON.stringify(config)}`, () => {
      const weights = vectors(golden.start);
      const step = oracleOptimizer({ className, config });
      golden.gradients.forEach((gradients, i) => {
        const averaged = step(weights, vectors(gradients), rateAt(config['learning_rate'] as never, i));
        for (const [path, expected] of Object.entries(steps[i]!))
          assert.ok(relativeError(weights[path]!, expected) <= 1e-9, `${path} after step ${i + 1}: ${weights[path]}`);
        for (const [path, expected] of i === 4 && average ? Object.entries(average) : [])
          assert.ok(relativeError(averaged![path]!, expected) <= 1e-9, `average ${path}: ${averaged![path]}`);
      });
    });
  }
});
