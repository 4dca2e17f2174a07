// arguments.test.ts: what `npm run bench` is asked for, and how it answers what it cannot read.
import assert from 'node:assert/strict';
import { benchArguments } from '../../bench/arguments.ts';

const ask = (...words: string[]) => benchArguments(words, ['gemm', 'mlp']);

describe('benchArguments', () => {
  it('settles each option, and has defaults', () => {
    assert.deepEqual(ask(), { json: false, only: undefined, compare: undefined, rounds: 5, seconds: 2 });
    assert.deepEqual(ask('--only', 'mlp', '--json', '--rounds', '3', '--seconds', '0.5', '--compare', 'f'), {
      json: true,
      only: 'mlp',
      compare: 'f',
      rounds: 3,
      seconds: 0.5,
    });
  });

  it('ends with its usage, and 0, when asked for help', () => {
    const { text, code } = ask('--help') as { text: string; code: number };
    assert.equal(code, 0);
    assert.match(text, /--only NAME {5}one of: gemm, mlp\n/);
  });

  it('ends with what is wrong, and 2', () => {
    for (const [words, what] of [
      [['--what'], /^Unknown option '--what'/],
      [['--only', 'gpu'], /^--only gpu: no such figure\n/],
      [['--rounds', '1.5'], /^--rounds 1.5: expected a whole number above 0\n/],
      [['--rounds', '0'], /^--rounds 0: /],
      [['--seconds', 'x'], /^--seconds x: expected a number above 0, up to 600\n/],
    ] as const) {
      const answer = ask(...words) as { text: string; code: number };
      assert.match(answer.text, what);
      assert.equal(answer.code, 2);
    }
  });
});
