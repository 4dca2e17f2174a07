// resumed-epoch.test.ts: an epoch that one process began and several go on with, or the other way round, as the command tells it. Of one process:
// test/trainer/counted.test.ts.
import assert from 'node:assert/strict';
import { linesOf, newFolder, shoal } from './support/shoal.ts';

const SEVERAL = ['--workers', '1'];

describe('an epoch that was left in its midst and is gone on with', function () {
  this.timeout(60_000);
  const folder = newFolder(8192);
  const train = (...args: readonly string[]) => ['train', ...args, '--json'];
  const begin = ['job.json', '--epochs', '1', '--batch', '8', '--set', 'checkpoint.everySteps=20'];
  const figures = (stdout: string) =>
    linesOf(stdout)
      .filter(({ event }) => event === 'epoch')
      .map((epoch) => epoch['train']);
  let whole: unknown[];

  before(async () => {
    whole = figures((await shoal(folder, train(...begin, '--out', 'whole'))).stdout);
    assert.equal(whole.length, 1);
  });

  for (const [what, first, then] of [
    ['one process, by several', [], SEVERAL],
    ['several, by one', SEVERAL, []],
  ] as const)
    it(`of ${what}, has the figures of one that was never left`, async () => {
      let pressed = false;
      const out = first.length === 0 ? 'alone' : 'together';
      const left = await shoal(folder, train(...begin, ...first, '--out', out), {
        onStdout(text, kill) {
          if (pressed || !text.includes('"checkpoint"')) return;
          pressed = true;
          kill('SIGINT');
        },
      });
      assert.deepEqual([left.code, figures(left.stdout)], [130, []], left.stderr);
      const { code, stdout, stderr } = await shoal(folder, train('--resume', `${out}/job`, ...then));
      assert.equal(code, 0, stderr);
      assert.deepEqual(figures(stdout), whole);
    });
});
