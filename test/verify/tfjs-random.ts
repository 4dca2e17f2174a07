// tfjs-random.ts: each op of `shoal/tfjs-wasm` on 500 random calls, beside float64 and tfjs' `cpu` backend. Mocha runs it (verify:tfjs-wasm).
import assert from 'node:assert/strict';
import { checkCase, compareWithCpu, OPS, TOLERANCE } from '../cases/tfjs-op.ts';

const CASES = 500;

describe('the ops for tfjs-backend-wasm, at length', () => {
  for (const op of Object.keys(OPS))
    it(`${op} is within ${TOLERANCE} of float64, and of tfjs' cpu backend, on ${CASES} random calls each`, async () => {
      let compared = 0;
      for (let seed = 0; compared < CASES; seed++) {
        assert.ok(seed < 3 * CASES, 'nearly nothing to compare');
        await checkCase(op, seed);
        if ((await compareWithCpu(op, seed)) === undefined) compared++;
      }
    }).timeout(300_000);
});
