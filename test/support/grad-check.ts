// grad-check.ts: is this really the gradient of that function? By central differences in float64. It knows no layer.
import assert from 'node:assert/strict';

export interface GradientCheck {
  /** A scalar function. It must not keep or change x. */
  readonly f: (x: Float64Array) => number;
  readonly x: Float64Array;
  /** What is claimed to be df/dx at x. */
  readonly gradient: ArrayLike<number>;
  /** Largest allowed norm of the error over the norm of the differences. */
  readonly tolerance: number;
  /** Half the distance of the differences, times max(1, |x|). Default 1e-5. */
  readonly step?: number;
  /** Check about this many elements, evenly spread. Default all. */
  readonly samples?: number;
  /** Largest allowed share of elements left out for a kink of relu or max nearby. Default 0.1. */
  readonly kinks?: number;
}

export interface GradientReport {
  /** Norm of the error over the norm of the differences. */
  readonly error: number;
  readonly checked: number;
  /** Elements left out because f bends sharply within a step. */
  readonly skipped: number;
}

/** Slope at h by differences, and how far the function is from smooth: both tests halve the step, a kink passes neither. */
function difference(at: (dx: number) => number, h: number): { slope: number; bend: number } {
  const middle = at(0);
  const [left, nearLeft, nearRight, right] = [at(-h), at(-h / 2), at(h / 2), at(h)];
  const wide = (right - left) / (2 * h);
  const slope = (nearRight - nearLeft) / h;
  const curve = right - 2 * middle + left - 4 * (nearRight - 2 * middle + nearLeft);
  return { slope, bend: Math.abs(wide - slope) + Math.abs(curve) / h };
}

/** Compares without judging. Rounding limits it: differences of a function near 1 are good to about 1e-10. */
export function compareGradient(check: GradientCheck): GradientReport {
  const { f, gradient, tolerance, step = 1e-5, samples = Number.POSITIVE_INFINITY } = check;
  const x = check.x.slice();
  const stride = Math.max(1, Math.floor(x.length / samples));
  const largest = Array.from(gradient).reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  let [errors, norm, checked, skipped] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i += stride) {
    const here = x[i]!;
    const at = (dx: number) => {
      x[i] = here + dx;
      const y = f(x);
      x[i] = here;
      return y;
    };
    const { slope, bend } = difference(at, step * Math.max(1, Math.abs(here)));
    if (bend > tolerance * Math.max(largest, Math.abs(slope))) {
      skipped++;
      continue;
    }
    checked++;
    errors += (slope - gradient[i]!) ** 2;
    norm += slope ** 2;
  }
  return { error: errors === 0 ? 0 : Math.sqrt(errors / norm), checked, skipped };
}

/** @throws AssertionError when the gradient is wrong, or too much of it could not be checked */
export function assertGradient(check: GradientCheck, what = 'gradient'): GradientReport {
  assert.equal(check.gradient.length, check.x.length, `${what}: length`);
  const report = compareGradient(check);
  const { error, checked, skipped } = report;
  const share = skipped / Math.max(1, checked + skipped);
  assert.ok(share <= (check.kinks ?? 0.1), `${what}: ${skipped} of ${checked + skipped} elements lie at a kink`);
  assert.ok(error <= check.tolerance, `${what}: relative error ${error} > ${check.tolerance}`);
  return report;
}
