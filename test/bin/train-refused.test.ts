// train-refused.test.ts: `shoal train`, and others, where the system takes nothing of what they write. What they write: train.test.ts.
import assert from 'node:assert/strict';
import { inShell, linesOf, newFolder } from './support/shoal.ts';

describe('shoal train', () => {
  const folder = newFolder();

  it('where nothing can be written, ends with SHOAL_RUN_WRITE, in one process and in several', async () => {
    const tried = async (out: string, ...more: readonly string[]): Promise<void> => {
      const args = ['train', 'job.json', '--out', out, ...more];
      const { code, stderr } = await inShell(folder, 'ulimit -f 0; exec "$0" "$@"', args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`^error SHOAL_RUN_WRITE: write into ${out}/job`));
    };
    await Promise.all([tried('nowhere'), tried('none', '--workers', '2')]);
  });

  it('where stdout takes no more, ends with SHOAL_RUN_WRITE as with Ctrl-C; where stderr does not, goes on', async () => {
    const full = (redirect: string, ...args: readonly string[]) => inShell(folder, `exec "$0" "$@" ${redirect}`, args);
    const mute = async (out: string, ...more: readonly string[]): Promise<void> => {
      const args = ['train', 'job.json', '--json', '--epochs', '5000', '--out', out, ...more];
      const { code, stderr } = await full('> /dev/full', ...args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^error SHOAL_RUN_WRITE: write to stdout\n {2}got +a full disk: ENOSPC/m);
      const told = `^(Go on with: {2}npx shoal train --resume ${out}/job|Interrupted before the first checkpoint)`;
      assert.match(stderr, new RegExp(told, 'm'));
    };
    const [summary, blind] = await Promise.all([
      full('> /dev/full', 'summary', 'job.json'),
      full('2> /dev/full', 'train', 'job.json', '--json', '--out', 'blind'),
      mute('mute'),
      mute('dumb', '--workers', '2'),
    ]);
    assert.equal(summary.code, 1);
    assert.deepEqual([blind.code, linesOf(blind.stdout).at(-1)!['event']], [0, 'done']);
  });
});
