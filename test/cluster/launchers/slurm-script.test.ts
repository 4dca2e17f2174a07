// slurm-script.test.ts: names in a batch script as sbatch and bash read them. That Slurm runs one: test/verify/slurm.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { slurmScript } from '../../../cluster/launchers/slurm-script.ts';

const script = (run: string): string =>
  slurmScript({
    ...{ name: 'digits', command: ['node', 'shoal.js'], cwd: "/my data/it's", run, workers: 2, servers: 1 },
    ...{ threads: null, grace: 120, more: [], insecure: false },
  });
const output = (run: string): string | undefined =>
  script(run)
    .split('\n')
    .find((line) => line.includes('--output='));

describe('a batch script of Slurm', () => {
  it('quotes the file of its output where the name of the folder takes it, and keeps its % from being a pattern', () => {
    assert.equal(output('runs/digits'), '#SBATCH --output=runs/digits/slurm-%j.out');
    assert.equal(output('my runs/digits'), "#SBATCH --output='my runs/digits/slurm-%j.out'");
    assert.equal(output("it's"), "#SBATCH --output='it'\\''s/slurm-%j.out'");
    assert.equal(output('runs/50%j'), '#SBATCH --output=runs/50%%j/slurm-%j.out');
  });

  it('is one that bash reads, whatever the folders are called', () => {
    for (const run of ['runs/digits', 'a b/$(touch x)/\'q\' "r"/тест']) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script(run), encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    }
  });
});
