// sketch.test.ts: distances of vectors as their sketches tell them, beside the vectors' own.
import assert from 'node:assert/strict';
import { draws, unit } from '../../base/random.ts';
import { differenceOf, sketchOf } from '../../cluster/sketch.ts';

const norm = (x: Float32Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

describe('sketches', () => {
  const random = draws([3, 0], 0, 0, 0);
  const expected = Float32Array.from({ length: 20_000 }, (_, i) => unit(random(i)) - 0.5);
  /** What differs: everywhere a little, in one tensor, in one element, by a factor. */
  const others: Record<string, (x: number, i: number) => number> = {
    'noise everywhere': (x, i) => x + 1e-3 * (unit(random(50_000 + i)) - 0.5),
    'one part of it': (x, i) => (i >= 4000 && i < 5000 ? x + 0.01 : x),
    'one element': (x, i) => (i === 777 ? x + 2 : x),
    'a factor': (x) => 1.01 * x,
    'all of it': (x) => -x,
  };
  for (const [title, change] of Object.entries(others))
    it(`tell the distance within 15 %, where what differs is ${title}`, () => {
      const got = expected.map(change);
      const difference = norm(got.map((x, i) => x - expected[i]!)) / norm(expected);
      const told = differenceOf(sketchOf(got), sketchOf(expected));
      assert.ok(Math.abs(told / difference - 1) < 0.15, `${told}, not ${difference}`);
    });

  it('of the same values are the same, one after another the largest distance counts, and what is not finite is no distance', () => {
    const [a, b] = [sketchOf(expected), sketchOf(expected.map((x) => 1.5 * x))];
    assert.equal(differenceOf(a, [...a]), 0);
    const zero = sketchOf(new Float32Array(0));
    assert.equal(differenceOf([...a, ...zero], [...a, ...zero]), 0);
    assert.equal(differenceOf([...a, ...a], [...a, ...zero]), Number.POSITIVE_INFINITY);
    assert.ok(Math.abs(differenceOf([...b, ...a], [...a, ...a]) - 0.5) < 1e-6);
    assert.equal(differenceOf(a, [...a, ...a]), Number.POSITIVE_INFINITY);
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY])
      assert.ok(!(differenceOf(sketchOf(expected.map((x, i) => (i === 5 ? odd : x))), a) <= 1));
  });
});
