// control.test.ts: the number of a command, from the word that holds it, beyond what a word can count to: a run of days gets there.
import assert from 'node:assert/strict';
import { countOf, RING } from '../../trainer/control.ts';

describe('a count of commands', () => {
  for (const exponent of [31, 32, 33, 40])
    it(`is told by a word as far behind as the ring is long, or level, around 2^${exponent}`, () => {
      for (let head = 2 ** exponent - RING; head <= 2 ** exponent + RING; head++)
        for (const behind of [0, 1, RING]) assert.equal(countOf((head - behind) | 0, head), head - behind);
    });

  it('is nought at first', () => {
    assert.equal(countOf(0, 0), 0);
    assert.equal(countOf(0, RING), 0);
  });

  it('stays in the slot of the ring that threads look into, who count modulo 2^32', () => {
    for (const head of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5]) {
      const sequence = head | 0; // as a thread has it
      assert.equal((sequence >>> 0) % RING, head % RING);
    }
  });
});
