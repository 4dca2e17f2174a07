// memory-plan.test.ts: buffers that live at the same time never overlap.
import assert from 'node:assert/strict';
import { draws } from '../../base/random.ts';
import { type Lifetime, placeBuffers } from '../../trainer/memory-plan.ts';

function check(buffers: readonly Lifetime[]): number {
  const { at, bytes } = placeBuffers(buffers);
  buffers.forEach((a, i) => {
    assert.equal(at[i]! % 64, 0);
    assert.ok(at[i]! + a.bytes <= bytes, `buffer ${i} ends at ${at[i]! + a.bytes} of ${bytes}`);
    for (let j = 0; j < i; j++) {
      const b = buffers[j]!;
      if (a.first > b.last || b.first > a.last || a.bytes === 0 || b.bytes === 0) continue;
      assert.ok(at[i]! + a.bytes <= at[j]! || at[j]! + b.bytes <= at[i]!, `buffers ${j} and ${i} overlap`);
    }
  });
  return bytes;
}

describe('the memory plan', () => {
  it('never lets two live buffers overlap, in 300 random cases, and never needs more than all together', () => {
    for (let seed = 0; seed < 300; seed++) {
      const word = draws([seed, 0], 0, 0, 0);
      let next = 0;
      const below = (n: number) => word(next++) % n;
      const buffers = Array.from({ length: 1 + below(40) }, () => {
        const first = below(30);
        return { bytes: below(4) === 0 ? below(3) : below(5000), first, last: first + below(8) };
      });
      const sum = buffers.reduce((total, { bytes }) => total + Math.ceil(bytes / 64) * 64, 0);
      assert.ok(check(buffers) <= sum);
    }
  });

  it('gives buffers that never meet the same place', () => {
    const chain = Array.from({ length: 10 }, (_, i) => ({ bytes: 640, first: i, last: i + 1 }));
    assert.equal(check(chain), 2 * 640);
    assert.equal(check([]), 0);
  });

  it('counts a lifetime with both its ends: a buffer that ends where another begins is not overwritten', () => {
    assert.equal(
      check([
        { bytes: 64, first: 0, last: 1 },
        { bytes: 64, first: 1, last: 2 },
      ]),
      128,
    );
  });

  it('uses the gap between two live buffers', () => {
    const buffers = [
      { bytes: 1024, first: 0, last: 9 },
      { bytes: 512, first: 0, last: 1 },
      { bytes: 256, first: 0, last: 9 },
      { bytes: 512, first: 2, last: 9 },
    ];
    assert.equal(check(buffers), 1024 + 512 + 256);
  });
});
