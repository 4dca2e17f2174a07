// encode.test.ts: the flags of encoded calls that tell threads where to meet. What they then do: run-joint.test.ts.
import assert from 'node:assert/strict';
import { createArena } from '../../kernels/arena.ts';
import { CALL, CALL_WORDS } from '../../trainer/control.ts';
import { encodeCalls } from '../../trainer/encode.ts';
import { fixedAt, PlanBuilder, Tables } from '../../trainer/plan-builder.ts';

describe('encoded calls', () => {
  it('meet before one that crosses and before the one after it, once where both cross', () => {
    const build = new PlanBuilder(4, new Tables(), 8);
    const [x, y, z] = [build.tensor([16]), build.tensor([16]), build.tensor([16])];
    const w = fixedAt('parameters', 0);
    const ints = { m: 1, K: 16, N: 16, lda: 16, ldw: 16, ldc: 16, hasBias: 0, activation: 0 };
    const gemm = (a: typeof x, c: typeof x, crosses: boolean, weights = w) =>
      build.call('gemm', { a: build.at(a), w: weights, bias: w, c: build.at(c) }, ints, {}, { crosses });
    gemm(x, y, false);
    gemm(y, z, true);
    gemm(z, x, true);
    gemm(x, y, false);
    gemm(y, z, false);
    gemm(z, x, true, fixedAt('contribution', 0)); // of each bundle another: it cannot cross
    const arena = createArena(2 ** 16);
    const { address, count } = encodeCalls(arena, build.finish().calls);
    const flags = Array.from({ length: count }, (_, i) => arena.views.i32[(address >>> 2) + CALL_WORDS * i + 5]!);
    assert.deepEqual(
      flags.map((flag) => [flag & CALL.crosses, flag & CALL.meets].map(Boolean)),
      [
        [false, false],
        [true, true],
        [true, true],
        [false, true],
        [false, false],
        [false, false],
      ],
    );
  });
});
