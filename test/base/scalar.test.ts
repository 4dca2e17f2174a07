// scalar.test.ts: scalar functions against the engine's own.
import assert from 'node:assert/strict';
import { cosineSine, exp, log, pow } from '../../base/scalar.ts';

const COUNT = 20_000;
const sweep = (from: number, to: number) => Array.from({ length: COUNT }, (_, i) => from + ((to - from) * i) / COUNT);
const relative = (got: number, expected: number) => (got === expected ? 0 : Math.abs((got - expected) / expected));
const worst = (errors: readonly number[]) => errors.reduce((a, b) => Math.max(a, b), 0);

describe('scalar math', () => {
  it('exp is within 1e-15 relative of Math.exp over its normal range', () => {
    assert.ok(worst(sweep(-708, 709.7).map((x) => relative(exp(x), Math.exp(x)))) < 1e-15);
  });

  it('log is within 1e-15 relative of Math.log from 1e-300 to 1e300 and around 1', () => {
    const everywhere = sweep(-300, 300).map((e) => 10 ** e);
    assert.ok(worst([...everywhere, ...sweep(0.5, 2)].map((x) => relative(log(x), Math.log(x)))) < 1e-15);
  });

  it('pow is within 1e-14 relative of Math.pow where |y log x| < 10', () => {
    const errors = sweep(0.01, 3).flatMap((x) => [-2, -0.5, 0.3, 2, 8].map((y) => [x, y] as const));
    const within = errors.filter(([x, y]) => Math.abs(y * Math.log(x)) < 10);
    assert.ok(worst(within.map(([x, y]) => relative(pow(x, y), x ** y))) < 1e-14);
  });

  it('cosine and sine are within 1e-15 absolute of Math.cos and Math.sin in a turn', () => {
    const errors = sweep(0, 1).map((t) => {
      const [cosine, sine] = cosineSine(t);
      return Math.max(Math.abs(cosine - Math.cos(2 * Math.PI * t)), Math.abs(sine - Math.sin(2 * Math.PI * t)));
    });
    assert.ok(worst(errors) < 1e-15);
    assert.deepEqual(
      [0, 0.25, 0.5, 0.75].map((t) => cosineSine(t).map((x) => x + 0)),
      [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ],
    );
  });

  it('the ends of their ranges are those of Math', () => {
    for (const x of [0, -0, 710, -750, -745, 1e9, -1e9, Infinity, -Infinity, NaN]) assert.equal(exp(x), Math.exp(x));
    for (const x of [1, Infinity, -1, NaN]) assert.equal(log(x), Math.log(x));
    assert.equal(log(0), -Infinity);
    assert.ok(relative(log(5e-324), Math.log(5e-324)) < 1e-15);
    for (const [x, y] of [
      [0, 2],
      [0, -1],
      [0, 0],
      [1, Infinity],
      [2, 0],
      [2, -2000],
      [2, 2000],
      [-1, 2.5],
    ] as const) {
      const expected = x === 1 ? 1 : x ** y; // C's pow, not ECMAScript's, where x is 1
      assert.equal(pow(x, y), expected, `${x} ** ${y}`);
    }
  });
});
