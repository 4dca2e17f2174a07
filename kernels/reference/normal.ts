// normal.ts: the normal distribution in float64, for reference twins. No kernel.

/** exp(-x^2 / 2). */
export const bell = (x: number): number => Math.exp((-x * x) / 2);

/**
 * The share of a normal distribution below x, within 1e-14: for |x| < 3 by Phi(x) = 1/2 + phi(x) (x + x^3 / 3 + x^5 / (3 * 5) + ...), for
 * the tails by Laplace's continued fraction (Abramowitz and Stegun, 26.2.11 and 26.2.14).
 */
export function normalBelow(x: number): number {
  const density = bell(x) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 3) {
    let sum = 0;
    for (let n = 0, term = x; n < 60; n++, term *= (x * x) / (2 * n + 1)) sum += term;
    return 0.5 + density * sum;
  }
  let fraction = Math.abs(x);
  for (let k = 60; k > 0; k--) fraction = Math.abs(x) + k / fraction;
  const tail = density / fraction;
  return Number.isNaN(x) ? x : x < 0 ? tail : 1 - tail;
}
