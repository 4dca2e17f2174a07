// tfjs-wasm.test.ts: each op that `shoal/tfjs-wasm` registers. More of the same: test/verify/tfjs-wasm.ts.
import { checkCase, compareWithCpu, OPS, TOLERANCE } from '../cases/tfjs-op.ts';

const CASES = 25;

describe('the ops for tfjs-backend-wasm', () => {
  for (const op of Object.keys(OPS))
    it(`${op} is within ${TOLERANCE} of float64 and of tfjs' cpu backend on ${CASES} random shapes`, async () => {
      for (let seed = 0; seed < CASES; seed++) {
        await checkCase(op, seed);
        await compareWithCpu(op, seed);
      }
    });
});
