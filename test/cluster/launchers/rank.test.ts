// rank.test.ts: what a rank makes of the end of its worker's stderr. Whole runs by ranks: launchers.slow.test.ts.
import assert from 'node:assert/strict';
import pc from 'picocolors';
import { errorText, warningText } from '../../../bin/output/errors.ts';
import { leaderless } from '../../../cluster/launchers/rank.ts';
import { wireError } from '../../../cluster/wire-error.ts';

describe('a rank', () => {
  it('gives its worker up when that has ended for want of a coordinator, not when it has only been told of trying', () => {
    for (const colors of [pc.createColors(false), pc.createColors(true)])
      for (const code of ['SHOAL_WIRE_CONNECT', 'SHOAL_WIRE_TIMEOUT'] as const) {
        const problem = wireError(code, 'connect', 'nobody', 'somebody', 'Wait.');
        assert.ok(leaderless(errorText(problem, colors, false)), code);
        assert.ok(!leaderless(warningText(problem, colors)), code);
      }
  });
});
