// How long a compute thread that waits stays awake (trainer/patience.ts).
import { strict as assert } from 'node:assert';
import { BRIEF, coreTimes, LONG, patience } from '../../trainer/patience.ts';

const START = { busy: 5000, own: 700, now: 100 };
/** A second later, in which this process had `own` and others `others` cores. */
const later = (own: number, others: number) => ({
  busy: START.busy + 1000 * (own + others),
  own: START.own + 1000 * own,
  now: START.now + 1000,
});

describe('patience', () => {
  it('is long while other programs take at most a quarter of a core beside the threads', () => {
    assert.equal(patience(START, later(2, 0), 2, 2), LONG);
    assert.equal(patience(START, later(1.8, 0.2), 2, 2), LONG);
    assert.equal(patience(START, later(1.5, 0.5), 2, 2), BRIEF);
    assert.equal(patience(START, later(0.5, 0.5), 2, 2), BRIEF);
  });

  it('is long as long as cores are left over, however busy the others are', () => {
    assert.equal(patience(START, later(4, 11), 4, 16), LONG);
    assert.equal(patience(START, later(4, 12.5), 4, 16), BRIEF);
  });

  it('is none where threads outnumber cores', () => {
    assert.equal(patience(START, later(2, 0), 3, 2), 0);
  });

  it('reads a busy loop of this process as its own, to within 60 ms of 200', () => {
    const before = coreTimes();
    while (performance.now() - before.now < 200);
    const after = coreTimes();
    const own = after.own - before.own;
    assert.ok(own > 20 && own < 400, `${own} ms`);
    assert.ok(after.busy - before.busy >= own - 60, `${after.busy - before.busy} ms of all, ${own} ms own`);
  });
});
