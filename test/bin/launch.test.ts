// launch.test.ts: shoal launch where nothing is submitted: scripts and objects on stdout, and command lines that cannot be meant.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { newFolder, shoal } from './support/shoal.ts';

describe('shoal launch', () => {
  const folder = newFolder();

  it('--print shows what Slurm and Kubernetes would get, and leaves no folder behind', async () => {
    const slurm = await shoal(folder, ['launch', 'job.json', '--engine', 'slurm', '--workers', '3', '--print']);
    assert.equal(slurm.code, 0, slurm.stderr);
    assert.match(slurm.stdout, /^#!\/bin\/bash\n/);
    assert.match(slurm.stdout, /\n#SBATCH --ntasks=3\n/);
    const args = ['launch', 'job.json', '--engine', 'kubernetes', '--image', 'shoal:1', '--workers', '3', '--print'];
    const kubernetes = await shoal(folder, args);
    assert.equal(kubernetes.code, 0, kubernetes.stderr);
    const kinds = parseAllDocuments(kubernetes.stdout).map((it) => it.toJS().kind);
    assert.deepEqual(kinds, ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'PodDisruptionBudget', 'JobSet']);
    assert.ok(!existsSync(`${folder}/runs`));
  });

  it('names the engines that there are, and the option that is missing', async () => {
    const unknown = await shoal(folder, ['launch', 'job.json', '--engine', 'pbs']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /one of local, ssh, slurm, kubernetes/);
    assert.match((await shoal(folder, ['launch', 'job.json', '--engine', 'ssh'])).stderr, /no --hostfile/);
    assert.match((await shoal(folder, ['launch', 'job.json', '--engine', 'kubernetes'])).stderr, /no --image/);
  });

  it('a worker without a coordinator and without a launcher says what to do', async () => {
    const { code, stderr } = await shoal(folder, ['worker', 'job.json'], {
      env: { SHOAL_TOKEN: 'a-token-of-the-test' },
    });
    assert.equal(code, 2);
    assert.match(stderr, /neither --connect nor a launcher's variables/);
  });
});
