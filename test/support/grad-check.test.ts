// grad-check.test.ts: the checker accepts right gradients, refuses wrong ones, and is not fooled by kinks.
import assert from 'node:assert/strict';
import { assertGradient, compareGradient } from './grad-check.ts';

const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

describe('gradient checker', () => {
  const x = Float64Array.from({ length: 20 }, (_, i) => Math.sin(i * 7.3) * 2);
  const f = (v: Float64Array) => sum(v.map((u, i) => Math.exp(u) * (i + 1)));
  const gradient = x.map((u, i) => Math.exp(u) * (i + 1));

  it('accepts a right gradient within 1e-8', () => {
    assert.deepEqual(assertGradient({ f, x, gradient, tolerance: 1e-8 }).skipped, 0);
  });

  it('refuses a gradient with one element wrong by a thousandth', () => {
    const wrong = gradient.slice();
    wrong[3]! *= 1.001;
    assert.throws(() => assertGradient({ f, x, gradient: wrong, tolerance: 1e-6 }), /relative error/);
  });

  it('refuses zeros, and a gradient of zeros that is not one', () => {
    assert.throws(() => assertGradient({ f, x, gradient: new Float64Array(20), tolerance: 1e-6 }), /relative error/);
    assert.throws(() => assertGradient({ f: () => 1, x, gradient: gradient, tolerance: 1e-6 }), /relative error/);
  });

  it('leaves out elements with a kink anywhere within a step, and no others', () => {
    const places = [0, 0.2, 1 / 3, 0.5, 0.7, 0.9, -0.1, -1 / 3, -0.6, 1.5, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const at = Float64Array.from(places, (p) => p * 1e-5);
    const relu = (v: Float64Array) => sum(v.map((u) => Math.max(u, 0)));
    const slope = at.map((u) => (u > 0 ? 1 : 0));
    const report = compareGradient({ f: relu, x: at, gradient: slope, tolerance: 1e-6 });
    assert.deepEqual({ ...report, error: report.error < 1e-6 }, { error: true, checked: 11, skipped: 9 });
    assert.throws(() => assertGradient({ f: relu, x: at, gradient: slope, tolerance: 1e-6 }), /kink/);
  });

  it('checks an even sample of a long vector', () => {
    assert.equal(compareGradient({ f, x, gradient, tolerance: 1e-6, samples: 5 }).checked, 5);
  });
});
