// pieces.ts: the pieces of a call that several threads make, as tests write them down.
import assert from 'node:assert/strict';

/** Tiles [from, to) of a call, and the thread that made them. */
export interface Made {
  readonly by: number;
  readonly from: number;
  readonly to: number;
}

/** Asserts that the pieces of a call are all its tiles, each once. */
export function covers(made: readonly Made[], tiles: number): void {
  let next = 0;
  for (const { from, to } of made.toSorted((a, b) => a.from - b.from)) {
    assert.equal(from, next);
    next = to;
  }
  assert.equal(next, tiles);
}
