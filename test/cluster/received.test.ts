// received.test.ts: slices in random orders, sizes and repetitions against a plain array of flags.
import assert from 'node:assert/strict';
import { isWhole, nothing, receive } from '../../cluster/received.ts';
import { mix } from '../support/simulator/toy.ts';

describe('what has been received', () => {
  it('is what flags say, in 300 random orders of slices that overlap and repeat', () => {
    for (let seed = 0; seed < 300; seed++) {
      const range = { from: 10, to: 10 + Math.floor(mix(seed, 1) * 30) };
      const flags = [0, 1].map(() => new Uint8Array(range.to));
      let received = nothing(2);
      for (let i = 0; i < 60; i++) {
        const vector = mix(seed, 2, i) < 0.5 ? 0 : 1;
        const from = range.from + Math.floor(mix(seed, 3, i) * (range.to - range.from));
        const to = Math.min(range.to, from + Math.floor(mix(seed, 4, i) * 8));
        const fresh = flags[vector]!.subarray(from, to).includes(0);
        const after = receive(received, vector, { from, to });
        assert.equal(after !== received, fresh, 'the same object when nothing is new');
        flags[vector]!.fill(1, from, to);
        received = after;
        assert.equal(
          isWhole(received, range),
          flags.every((it) => !it.subarray(range.from, range.to).includes(0)),
        );
        assert.ok(received.every((it) => it.every((now, k) => k === 0 || it[k - 1]!.to < now.from)));
      }
    }
  });

  it('has all of an empty range from the start', () => {
    assert.ok(isWhole(nothing(3), { from: 4, to: 4 }));
  });
});
