// help.test.ts: threads that help others with their leaves: each tile once, with the bindings of its owner and the scratch of who makes it. The
// bits of whole runs: determinism.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BINDING, type KernelEntry, SPACES } from '../../kernels/abi.ts';
import { createArena } from '../../kernels/arena.ts';
import { CALL, CALL_WORDS, HELP } from '../../trainer/control.ts';
import { encodeCalls } from '../../trainer/encode.ts';
import { createHelp, type Help } from '../../trainer/help.ts';
import { prepare } from '../../trainer/prepare.ts';
import type { HelpThreadData } from '../support/help-thread.ts';
import { covers, type Made } from '../support/pieces.ts';
import { dataset, POOL_JOBS } from '../support/small-run.ts';

const SCRATCH = BINDING.base + SPACES.indexOf('scratch');
const RECORD = 16; // word of the only call

/** Threads that one thread plays: `meanwhile` holds what others do inside the next pieces that are made. */
function house(threads: number) {
  const i32 = new Int32Array(new SharedArrayBuffer(4 * (32 + (BINDING.words + HELP.words) * threads)));
  const bindings = Array.from({ length: threads }, (_, index) => 4 * (32 + BINDING.words * index));
  const help = 4 * (32 + BINDING.words * threads);
  const made: Made[] = [];
  const meanwhile: (() => void)[] = [];
  const all = bindings.map((at, index): Help => {
    i32[at / 4 + BINDING.rows] = 1000 + index;
    i32[at / 4 + SCRATCH] = index;
    const kernel: KernelEntry = (_, by, from, to) => {
      assert.equal(i32[by / 4 + BINDING.rows], 1000, 'the bindings of thread 0');
      assert.equal(i32[by / 4 + SCRATCH], index, 'its own scratch');
      made.push({ by: index, from, to });
      meanwhile.shift()?.();
    };
    // who would have to wait goes
    return createHelp({ i32, entries: [kernel], bindings, scratch: index, help, index, waitWhile: () => false });
  });
  return { made, meanwhile, all, i32, help };
}

describe('a thread at its leaves', () => {
  for (const tiles of [0, 1, 2, 7, 64])
    it(`makes ${tiles} tiles alone while nobody comes, at once where it does not look`, () => {
      for (const looks of [true, false]) {
        const { made, all } = house(2);
        assert.equal(all[0]!.run(1, RECORD, tiles, looks), true);
        covers(made, tiles);
        assert.deepEqual([...new Set(made.map(({ by }) => by))], tiles > 0 ? [0] : []);
        if (!looks) assert.equal(made.length, Math.min(1, tiles));
      }
    });

  for (const tiles of [7, 64])
    it(`shares what is left of ${tiles} tiles, and the next call, with one who comes after the first`, () => {
      const { made, meanwhile, all } = house(2);
      const come = () => assert.equal(all[1]!.others(1), false, 'it makes what it finds, and would wait for more');
      meanwhile.push(come, come);
      assert.equal(all[0]!.run(1, RECORD, tiles, true), true);
      covers(made, tiles);
      assert.ok(made.some(({ by }) => by === 1));
      made.length = 0;
      meanwhile.push(come);
      assert.equal(all[0]!.run(1, RECORD, tiles, false), true);
      covers(made, tiles);
      const [first, ...rest] = made.filter(({ to, from }) => to > from);
      assert.equal(first!.by, 0);
      assert.ok(
        rest.every(({ by }) => by === 1),
        'whoever comes while it is held up in its first piece makes the others',
      );
    });

  it('is helped by several, who go when it is done', () => {
    const { made, meanwhile, all } = house(3);
    meanwhile.push(
      () => all[2]!.others(1),
      () => {
        meanwhile.push(() => all[1]!.others(1)); // inside the first piece that the other helper makes
        all[2]!.others(1);
      },
    );
    assert.equal(all[0]!.run(1, RECORD, 40, true), true);
    covers(made, 40);
    assert.deepEqual([...new Set(made.map(({ by }) => by))].sort(), [0, 1, 2]);
    assert.deepEqual(
      all.map((thread) => thread.others(1)),
      [true, true, true],
    );
  });

  it('does not share a call with those who came in another command, and is past all commands before its own', () => {
    for (const command of [2, -(2 ** 31)]) {
      const { made, meanwhile, all } = house(2);
      const before = (command - 1) | 0;
      meanwhile.push(() => all[1]!.others(before));
      assert.equal(all[0]!.run(command, RECORD, 10, true), true);
      covers(made, 10);
      assert.ok(made.every(({ by }) => by === 0));
      assert.equal(all[0]!.others(command), false);
      assert.equal(all[1]!.others(before), true, 'nobody is left to wait for a command that is over');
    }
  });

  it('waits for a piece that another has not made yet, and goes when the pool is poisoned', () => {
    const { i32, meanwhile, all, help } = house(2);
    meanwhile.push(() => {
      all[1]!.others(1);
      meanwhile.push(() => Atomics.sub(i32, help / 4 + HELP.turn, 1)); // somebody claims the last piece and dies
    });
    assert.equal(all[0]!.run(1, RECORD, 60, true), false);
  });
});

describe('calls in whose midst a thread looks for help', () => {
  it('are those of 2 MFLOP for the samples of a bundle', () => {
    const { rows, plans } = prepare(POOL_JOBS.long, dataset, { threads: 2 }).program;
    const arena = createArena(2 ** 20);
    const longOf = (rows?: number) => {
      const { address, count } = encodeCalls(arena, plans.train.calls, { ...(rows && { rows }) });
      const flags = Array.from({ length: count }, (_, i) => arena.views.i32[address / 4 + CALL_WORDS * i + 5]!);
      return plans.train.calls.filter((_, i) => (flags[i]! & CALL.long) !== 0).map((call) => call.arguments.kernel);
    };
    assert.deepEqual(longOf(rows), ['winograd', 'winograd_dw', 'winograd']);
    assert.deepEqual(longOf(), []);
  });
});

describe('threads that help one another', () => {
  for (const threads of [2, 3, 5])
    it(`make each tile of 3,000 commands once, ${threads} of them, with no barrier between commands`, async () => {
      const [commands, calls, tiles, counts] = [3000, 2, 12, 1024];
      const length = commands * threads * calls * tiles;
      const memory = new SharedArrayBuffer(4 * (counts + length));
      const bindings = Array.from({ length: threads }, (_, i) => 4 * (32 + 64 * i));
      const data = { memory, bindings, help: 4 * 512, call: 0, counts, commands, calls, tiles };
      const team = bindings.map((_, index) => {
        const workerData: HelpThreadData = { ...data, index };
        return new Worker(new URL('../support/help-thread.ts', import.meta.url), { workerData });
      });
      try {
        const signal = AbortSignal.timeout(60_000);
        const made = await Promise.all(
          team.map(async (worker) => {
            const [made] = await once(worker, 'message', { signal });
            return made as { own: number; forOthers: number };
          }),
        );
        assert.ok(
          made.every(({ forOthers }) => forOthers > 0),
          'each has helped',
        );
        const expected = made.reduce((sum, { own }) => sum + own, 0);
        const seen = new Int32Array(memory, 4 * counts);
        assert.equal(seen.filter((times) => times === 1).length, expected);
        assert.equal(seen.filter((times) => times === 0).length, length - expected, 'no tile twice');
      } finally {
        await Promise.all(team.map((worker) => worker.terminate()));
      }
    });
});
