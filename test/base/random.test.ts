// random.test.ts: Philox against the known answers that come with Random123.
import assert from 'node:assert/strict';
import { draws, philox, seedWords, unit } from '../../base/random.ts';

const words = (key: readonly [number, number], c: readonly [number, number, number, number]) => {
  const out = new Uint32Array(4);
  philox(key, ...c, out);
  return [...out].map((w) => w.toString(16).padStart(8, '0')).join(' ');
};

describe('counter-based random numbers', () => {
  it('give the known answers of Philox4x32-10', () => {
    const ones = 0xffffffff;
    assert.equal(words([0, 0], [0, 0, 0, 0]), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    assert.equal(words([ones, ones], [ones, ones, ones, ones]), '408f276d 41c83b0e a20bc7c6 6d5451fd');
    assert.equal(
      words([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]),
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });

  it('are read by index in any order, and lie in [0, 1)', () => {
    const forward = draws(seedWords(7), 1, 2, 3);
    const backward = draws(seedWords(7), 1, 2, 3);
    const a = Array.from({ length: 10 }, (_, i) => forward(i));
    const b = Array.from({ length: 10 }, (_, i) => backward(9 - i)).reverse();
    assert.deepEqual(a, b);
    assert.ok(a.every((w) => unit(w) >= 0 && unit(w) < 1));
    assert.equal(unit(0xffffffff), 1 - 2 ** -24);
  });
});
