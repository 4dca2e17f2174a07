// made.test.ts: values of a map that are made when they are first asked for.
import assert from 'node:assert/strict';
import { made } from '../../base/made.ts';

describe('what a map has for a key', () => {
  it('is made once for each key, and is the same value from then on, false and 0 too', () => {
    const map = new Map<string, unknown>();
    let calls = 0;
    for (const value of [{ a: 1 }, 0, false, '']) {
      const make = () => {
        calls++;
        return value;
      };
      const key = `${JSON.stringify(value)}`;
      assert.equal(made(map, key, make), value);
      assert.equal(made(map, key, make), value);
    }
    assert.equal(calls, 4);
    assert.equal(map.size, 4);
  });

  it('is kept by weak keys too', () => {
    const map = new WeakMap<object, Map<number, string>>();
    const key = {};
    made(map, key, () => new Map()).set(1, 'one');
    assert.equal(made(map, key, () => new Map()).get(1), 'one');
  });
});
