// run-joint.test.ts: how threads share the tiles of joint calls: each tile once, whoever comes late. The products: joint.test.ts, leaves.test.ts.
import assert from 'node:assert/strict';
import { BINDING, type KernelEntry } from '../../kernels/abi.ts';
import { CALL_WORDS, JOBS, JOINT } from '../../trainer/control.ts';
import { cutsOf } from '../../trainer/joint.ts';
import type { PlanCall } from '../../trainer/plan-builder.ts';
import { type JointThread, runCrossing, runJoint } from '../../trainer/run-joint.ts';
import { covers, type Made } from '../support/pieces.ts';

const [PROGRAM, JOBS_AT, CLAIMS, BINDINGS] = [64, 1024, 2048, 4096]; // bytes

/** Calls of so many tiles in so many pieces a share, whose leaves are computed by all threads but `late` ones. */
function house(threads: number, calls: readonly { tiles: number; pieces: number }[], late = 0) {
  const i32 = new Int32Array(new SharedArrayBuffer(8192));
  const made: Made[][] = calls.map(() => []);
  const gathered: number[] = [];
  /** Runs inside a thread's piece: what others do meanwhile. */
  const meanwhile: (() => void)[] = [];
  i32[JOBS_AT / 4 + JOBS.sharing] = threads;
  i32[JOBS_AT / 4 + JOBS.passed] = threads - late;
  calls.forEach(({ tiles, pieces }, call) => {
    const at = PROGRAM / 4 + CALL_WORDS * call;
    i32.set([0, call, tiles], at); // kernel 0; the number of the call stands for its descriptor
    i32[CLAIMS / 4 + call * (JOINT.shares + JOINT.shareWords * threads) + JOINT.pieces] = pieces;
  });
  const run = (index: number, waitWhile: JointThread['waitWhile'] = () => assert.fail('nothing to wait for')) => {
    const entry: KernelEntry = (call, _, from, to) => {
      made[call]!.push({ by: index, from, to });
      gathered.push(i32[BINDINGS / 4 + BINDING.gathered]!);
      meanwhile.shift()?.();
    };
    return runJoint(
      { i32, entries: [entry], bindings: BINDINGS, index, threads, waitWhile },
      PROGRAM,
      calls.length,
      JOBS_AT,
      CLAIMS,
    );
  };
  return { i32, made, gathered, meanwhile, run };
}

describe('threads that share joint calls', () => {
  for (const threads of [1, 2, 3, 5])
    for (const pieces of [1, 2, 8])
      for (const tiles of [1, 7, 64, 1000])
        it(`make each of ${tiles} tiles once, in ${pieces} pieces a share, by ${threads} threads that come one after another`, () => {
          const { made, run } = house(threads, [{ tiles, pieces }]);
          for (let index = threads - 1; index >= 0; index--) assert.equal(run(index), true);
          covers(made[0]!, tiles);
          assert.deepEqual([...new Set(made[0]!.map(({ by }) => by))], [threads - 1], 'the first to come left nothing');
        });

  it('leave to a thread that is held up in its first piece that piece alone, from either end of its share', () => {
    const { made, meanwhile, run } = house(2, [{ tiles: 100, pieces: 5 }]);
    meanwhile.push(() => run(1));
    run(0);
    covers(made[0]!, 100);
    assert.deepEqual(
      made[0]!.filter(({ by }) => by === 0),
      [{ by: 0, from: 0, to: 25 }],
    );
  });

  it('meet in the middle of a share, and go on with the next call', () => {
    const { made, meanwhile, run } = house(2, [
      { tiles: 100, pieces: 5 },
      { tiles: 40, pieces: 1 },
    ]);
    // the second thread comes to its end while the first makes its third piece, and is held up in the second that it takes over
    meanwhile.push(
      () => {},
      () => {},
      () => {
        meanwhile.push(...Array.from({ length: 6 }, () => () => {}));
        run(1);
      },
    );
    run(0);
    covers(made[0]!, 100);
    covers(made[1]!, 40);
  });

  it('tell the kernel, from a second piece of a call on, that what it gathered is there still', () => {
    const { gathered, run } = house(1, [
      { tiles: 100, pieces: 3 },
      { tiles: 40, pieces: 2 },
    ]);
    run(0);
    assert.deepEqual(gathered, [0, 1, 1, 0, 1]);
  });

  it('begin when the leaves of all threads have passed, and leave when the pool is poisoned', () => {
    const { i32, made, run } = house(2, [{ tiles: 10, pieces: 1 }], 1);
    const passed = JOBS_AT / 4 + JOBS.passed;
    assert.equal(
      run(0, () => false),
      false,
    );
    assert.deepEqual(made, [[]]);
    const waits: [number, number][] = [];
    run(0, (word, value) => {
      waits.push([word, value]);
      Atomics.add(i32, passed, 1);
      return true;
    });
    assert.deepEqual(waits, [[passed, 1]]);
    covers(made[0]!, 10);
  });
});

describe('a call that crosses', () => {
  it('is given the rows and the list of all bundles while it runs, and leaves the thread those of its own', () => {
    const [own, all, words] = [BINDINGS / 4, 1024 / 4 + 64, CLAIMS / 4];
    const i32 = new Int32Array(new SharedArrayBuffer(8192));
    const head = JOBS_AT / 4;
    const made: Made[] = [];
    i32.set([0, 0, 8], PROGRAM / 4); // a kernel of 8 tiles
    i32[head + JOBS.together] = 4 * all;
    i32[head + JOBS.crossings] = 4 * words;
    i32[all + BINDING.rows] = 32;
    i32[all + BINDING.bundles] = 640;
    i32[own + BINDING.rows] = 16;
    const each = JOINT.shares + JOINT.shareWords * 2;
    i32[words + each + JOINT.pieces] = 2; // of the second call that crosses
    const run = (index: number) => {
      const entry: KernelEntry = (_, bindings, from, to) => {
        assert.deepEqual([i32[own + BINDING.rows], i32[own + BINDING.bundles], bindings], [32, 640, BINDINGS]);
        made.push({ by: index, from, to });
        if (made.length === 1) run(1); // the other comes in the midst of the first piece
      };
      const waitWhile = () => assert.fail('who shares it has met');
      const thread = { i32, entries: [entry], bindings: BINDINGS, index, threads: 2, waitWhile };
      if (index === 1) i32[own + BINDING.rows] = 16;
      runCrossing(thread, PROGRAM / 4, head, 1);
    };
    run(0);
    covers(made, 8);
    assert.deepEqual([...new Set(made.map(({ by }) => by))], [0, 1]);
    assert.deepEqual([i32[own + BINDING.rows], i32[own + BINDING.bundles]], [16, 0]);
  });
});

describe('the cuts of joint calls', () => {
  const call = (K: number, N = 0) => ({ arguments: { ints: { K, N } }, crosses: N > 0 }) as unknown as PlanCall;
  const own = Array.from({ length: 40 }, () => call(0));

  it('wait for the first point at which what they read stands, of at most eight', () => {
    const joint = [3, 3, 7, 9, 12, 15, 18, 20, 30, 33, 39];
    const cuts = cutsOf({ calls: [...own, ...joint.map(() => call(48))], joint }, 2);
    // 3, 7, 9, 12, 15, 18, 20 and 39
    assert.deepEqual(
      cuts.map(({ point }) => point),
      [0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7],
    );
  });

  it('have more pieces the more rows of tiles there are for a thread, and eight at most', () => {
    const pieces = (K: number, threads: number) => cutsOf({ calls: [call(K)], joint: [0] }, threads)[0]!.pieces;
    assert.deepEqual(
      [48, 192, 384, 784, 5408].map((K) => pieces(K, 2)),
      [1, 2, 3, 5, 8],
    );
    assert.equal(pieces(5408, 16), 4);
  });

  it('are followed by those of calls that cross, by their panels of 16 columns', () => {
    const cuts = cutsOf({ calls: [call(5408, 128), call(64), call(784, 512), call(192)], joint: [1] }, 2);
    assert.deepEqual(cuts, [
      { point: 0, pieces: 2 },
      { point: 0, pieces: 3 },
      { point: 0, pieces: 8 },
    ]);
  });
});
