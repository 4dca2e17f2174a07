// launch.slow.test.ts: shoal launch where nothing is submitted: scripts and objects on stdout, and command lines that cannot be meant.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { linesOf, newFolder, shoal } from './support/shoal.ts';

describe('shoal launch', () => {
  const folder = newFolder();

  it('--print shows what Slurm and Kubernetes would get, and leaves no folder behind', async () => {
    const printed = (...engine: readonly string[]) =>
      shoal(folder, ['launch', 'job.json', '--workers', '3', '--print', '--engine', ...engine]);
    const [slurm, kubernetes] = await Promise.all([printed('slurm'), printed('kubernetes', '--image', 'shoal:1')]);
    assert.equal(slurm.code, 0, slurm.stderr);
    assert.match(slurm.stdout, /^#!\/bin\/bash\n/);
    assert.match(slurm.stdout, /\n#SBATCH --ntasks=3\n/);
    assert.doesNotMatch(slurm.stdout, /--executor/);
    assert.equal(kubernetes.code, 0, kubernetes.stderr);
    const kinds = parseAllDocuments(kubernetes.stdout).map((it) => it.toJS().kind);
    assert.deepEqual(kinds, ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'PodDisruptionBudget', 'JobSet']);
    assert.ok(!existsSync(`${folder}/runs`));
  });

  it('--executor is passed on to workers, installed here or not, where the job has a tolerance', async () => {
    const slurm = ['--engine', 'slurm', '--workers', '4', '--sbatch=--gpus-per-task=1', '--print'];
    const args = ['launch', 'job.json', ...slurm, '--executor', 'tensorflow'];
    const env = { SHOAL_TENSORFLOW: `${folder}/nowhere` };
    const [{ code, stdout, stderr }, exact, unknown] = await Promise.all([
      shoal(folder, [...args, '--set', 'tolerance=0.001'], { env }),
      shoal(folder, args, { env }),
      shoal(folder, ['launch', 'job.json', '--engine', 'local', '--executor', 'abacus']),
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\n#SBATCH --gpus-per-task=1\n/);
    assert.match(stdout, /\nsrun .* worker --resume \S+ --servers 1 --executor tensorflow &\n/);
    assert.equal(exact.code, 2);
    assert.match(exact.stderr, /a job without a tolerance/);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /one of wasm, tensorflow, tfjs-cpu/);
  });

  it('names the engines that there are, and the option that is missing', async () => {
    const by = (engine: string) => shoal(folder, ['launch', 'job.json', '--engine', engine]);
    const [unknown, ssh, kubernetes] = await Promise.all([by('pbs'), by('ssh'), by('kubernetes')]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /one of local, ssh, slurm, kubernetes/);
    assert.match(ssh.stderr, /no --hostfile/);
    assert.match(kubernetes.stderr, /no --image/);
  });

  it('a worker without a coordinator and without a launcher says what to do', async () => {
    const { code, stderr } = await shoal(folder, ['worker', 'job.json'], {
      env: { SHOAL_TOKEN: 'a-token-of-the-test' },
    });
    assert.equal(code, 2);
    assert.match(stderr, /neither --connect nor a launcher's variables/);
  });

  it('--prep makes the dataset of one data prep, in tasks of their own', async () => {
    const words = ['digits', '--encode', 'raw', '--shard-size', '2500'];
    const launch = ['launch', '--prep', '--engine', 'local', '--workers', '2', '--json', '--', ...words, '-o', 'parts'];
    const [alone, parts] = await Promise.all([
      shoal(folder, ['data', 'prep', ...words, '-o', 'alone', '--json']),
      shoal(folder, launch),
    ]);
    assert.equal(alone.code, 0, alone.stderr);
    assert.equal(parts.code, 0, parts.stderr);
    const events = linesOf(parts.stdout);
    assert.deepEqual([...new Set(events.flatMap((it) => it['task'] ?? []))].sort(), [1, 2]);
    assert.equal(events.at(-1)!['manifest'], linesOf(alone.stdout).at(-1)!['manifest']);
    for (const { file } of JSON.parse(readFileSync(`${folder}/alone/manifest.json`, 'utf8')).parts.train.shards)
      assert.ok(readFileSync(`${folder}/parts/${file}`).equals(readFileSync(`${folder}/alone/${file}`)), file);
  });

  it("--prep tells a task's own error, shows what Slurm would get, and refuses what tasks cannot share", async () => {
    const prep = (engine: string, ...words: string[]) =>
      shoal(folder, ['launch', '--prep', '--engine', engine, '--workers', '2', ...words]);
    const [missing, { stdout }, kubernetes] = await Promise.all([
      prep('local', '--', 'nowhere', '--reader', 'folder', '-o', 'x'),
      prep('slurm', '--print', '--', 'digits', '-o', 'my shards'),
      prep('kubernetes', '--', 'digits', '-o', 'x'),
    ]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /SHOAL_PROCESS[\s\S]*SHOAL_DATA_MISSING/);
    assert.match(stdout, /\n#SBATCH --ntasks=2\n/);
    assert.match(stdout, /\nsrun .* data prep digits -o 'my shards' --task auto .*\nexec .* data merge 'my shards'\n/);
    assert.match(kubernetes.stderr, /--task auto\/TASKS/);
    const refused = async (words: readonly string[], why: RegExp): Promise<void> => {
      const { code, stderr } = await prep('local', '--', ...words);
      assert.equal(code, 2);
      assert.match(stderr, why);
    };
    await Promise.all([
      refused(['digits'], /no folder for the shards/),
      refused(['digits', '-o', 'x', '--mode', 'overwrite'], /incremental or extend/),
      refused(['digits', '-o', 'x', '--task', '1/2'], /each process is given its own/),
    ]);
  });
});
