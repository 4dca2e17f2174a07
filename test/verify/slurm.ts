// slurm.ts: the slurm launcher against a real Slurm of three nodes on this machine (test/support/slurm-box.sh). Run by npm run verify:slurm.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { slurm } from '../../cluster/launchers/slurm.ts';
import { newToken } from '../../cluster/token.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { launcherCases, nothingLeft } from '../cases/launcher.ts';
import { docFolder, scriptsOf, sessionsOf, typeIn } from '../support/doc-commands.ts';
import {
  call,
  DIGITS,
  EPOCH,
  folderFor,
  removeAll,
  SHOAL,
  sameAsDigits,
  sameInText,
  starter,
  until,
} from './support.ts';

process.env['SLURM_CONF'] = starter('slurm-box', 'conf');
const box = (...args: readonly string[]) => starter('slurm-box', ...args);
const tool = (name: string, ...args: readonly string[]) => execFileSync(name, args, { encoding: 'utf8' }).trim();

launcherCases({
  name: 'slurm',
  names: ['rank-0', 'rank-1'],
  epochs: 200, // events are read from a log that is written once a second
  launch: (options) => slurm.launch({ ...options, name: 'small' }),
});

describe('shoal launch --engine slurm', () => {
  const folders: string[] = [];
  let token = '';
  let folder = '';
  beforeEach(() => {
    token = newToken();
    folder = folderFor({ folders });
  });
  afterEach(async () => {
    await nothingLeft(token, 60_000);
    box('start-node', 'n1', 'n2', 'n3');
    removeAll(folders);
  });

  const launch = (more: readonly string[], onEvent?: (event: RunEvent) => void) =>
    call(folder, [...SHOAL, 'launch', '--engine', 'slurm', '--json', ...more], onEvent, { SHOAL_TOKEN: token });
  const digits = [DIGITS, ...EPOCH, '--threads', '1', '--workers', '2'];
  const jobOf = (): string => tool('squeue', '-h', '-o', '%A').split('\n')[0]!;
  const output = (): string => {
    const file = execFileSync('sh', ['-c', `cat ${folder}/runs/digits/slurm-*.out 2>/dev/null || true`]);
    return file.toString();
  };
  const steps = (): number => {
    const file = `${folder}/runs/digits/events.jsonl`;
    return existsSync(file) ? (readFileSync(file, 'utf8').match(/"event":"step"/g)?.length ?? 0) : 0;
  };

  /** Runs digits to its end, and does something to the cluster after 30 steps. */
  async function disturbed(disturb: () => void, epochs = 1): Promise<RunEvent[]> {
    let done = false;
    const called = launch([...digits, '--epochs', String(epochs), '--wait'], (event) => {
      if (event.event !== 'step' || event.step < 30 || done) return;
      done = true;
      disturb();
    });
    assert.equal(await called.code, 0, `${called.stderr}\n${output()}`);
    assert.ok(done);
    await sameAsDigits(called.last(), epochs);
    return called.events;
  }

  it('submits, and ends with the three hashes of shoal train for the digits job', async () => {
    const called = launch([...digits, '--wait']);
    assert.equal(await called.code, 0, `${called.stderr}\n${output()}`);
    await sameAsDigits(called.last());
  });

  it('scancel ends it with a checkpoint; --resume submits again and ends with the same hashes', async () => {
    const called = launch(digits);
    assert.equal(await called.code, 0, called.stderr);
    const [submitted] = called.events as unknown as [{ readonly event: string; readonly job: string }];
    assert.equal(submitted.event, 'submitted');
    await until('30 steps', () => steps() >= 30);
    tool('scancel', submitted.job);
    await until('its end', () => jobOf() === '');
    const again = launch(['--resume', 'runs/digits', '--threads', '1', '--workers', '2', '--wait']);
    assert.equal(await again.code, 0, `${again.stderr}\n${output()}`);
    await sameAsDigits(again.last());
  });

  it('scontrol requeue starts it again, and it goes on from its checkpoint to the same hashes', async () => {
    const events = await disturbed(() => tool('scontrol', 'requeue', jobOf()));
    assert.ok(events.filter((it) => it.event === 'start').length >= 2);
  });

  it('checkpoints in the grace before the time limit or a preemption (USR1), queues again, ends with the same hashes', async () => {
    const events = await disturbed(() => tool('scancel', '--batch', '--signal=USR1', jobOf()));
    assert.ok(events.some((it) => it.event === 'done' && it.reason === 'interrupted'));
  });

  it("a worker's node that dies: requeued on the others, the same hashes", async function () {
    this.timeout(600_000);
    // the other worker goes on meanwhile: in a few epochs it is done before Slurm knows of the node's death, half a minute later
    const events = await disturbed(() => box('kill-node', 'n2'), 40);
    assert.ok(events.filter((it) => it.event === 'start').length >= 2);
  });

  it("the coordinator's node that dies: requeued on the others, the same hashes", async () => {
    await disturbed(() => box('kill-node', 'n1'));
  });

  it('a daemon that dies and leaves its ranks alive: they are started elsewhere, the older leader ends, the same hashes', async function () {
    this.timeout(600_000);
    const events = await disturbed(() => box('kill-slurmd', 'n1'), 40);
    assert.ok(events.filter((it) => it.event === 'start').length >= 2);
  });

  it('--print shows the script and submits nothing; it is what is submitted', async () => {
    const called = call(folder, [
      ...SHOAL,
      'launch',
      '--engine',
      'slurm',
      ...digits,
      '--print',
      '--sbatch=--partition=debug',
    ]);
    let text = '';
    called.child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    assert.equal(await called.code, 0, called.stderr);
    assert.match(text, /^#!\/bin\/bash\n#SBATCH --job-name=digits\n#SBATCH --ntasks=2\n#SBATCH --cpus-per-task=1\n/);
    assert.match(text, /\n#SBATCH --partition=debug\n/);
    assert.equal(jobOf(), '');
    assert.ok(!existsSync(`${folder}/runs`));
  });

  it('--prep submits tasks, and ends with the manifest of shoal data prep, across a requeue', async () => {
    const words = ['digits', '--encode', 'raw', '--shard-size', '1000'];
    const alone = call(folder, [...SHOAL, 'data', 'prep', ...words, '-o', 'alone']);
    assert.equal(await alone.code, 0, alone.stderr);
    const prep = ['launch', '--prep', '--engine', 'slurm', '--workers', '2', '--wait', '--', ...words, '-o', 'parts'];
    const called = call(folder, [...SHOAL, ...prep]);
    await until('a task at work', () => existsSync(`${folder}/parts/plan.jsonl`));
    tool('scontrol', 'requeue', jobOf());
    assert.equal(await called.code, 0, called.stderr);
    const [one, other] = ['alone', 'parts'].map((it) => readFileSync(`${folder}/${it}/manifest.json`, 'utf8'));
    assert.equal(other, one);
  });

  it('types in what docs/launch-slurm.md shows, word for word', async () => {
    const folder = docFolder();
    folders.push(folder);
    const env = { SHOAL_TOKEN: token, MASTER_ADDR: '127.0.0.1' };
    const [shown] = sessionsOf('launch-slurm.md') as [readonly string[]];
    const submitted = await typeIn(folder, shown, env);
    assert.equal(submitted.code, 0, submitted.output);
    const job = /submitted as job (\d+)/.exec(submitted.output)![1]!;
    const events = `${folder}/runs/digits/events.jsonl`;
    await until('30 steps', () => existsSync(events) && readFileSync(events, 'utf8').split('"step"').length > 30);
    // what it says to type next: squeue -j 1, tail -f runs/digits/slurm-1.out, npx shoal status runs/digits, scancel 1
    const next = /Next: {2}(.*)/s.exec(submitted.output)![1]!.trim().split(/\n\s+/);
    assert.deepEqual(next, [
      `squeue -j ${job}`,
      `tail -f runs/digits/slurm-${job}.out`,
      'npx shoal status runs/digits',
      `scancel ${job}`,
    ]);
    const looked = await typeIn(
      folder,
      next.map((it) => it.replace(/^tail -f/, 'timeout 2 tail -f')).map((it) => `${it} || [ $? = 124 ]`),
      env,
    );
    assert.equal(looked.code, 0, looked.output);
    assert.match(looked.output, /rank-0 +(computing|idle)/);
    await until('its end', () => jobOf() === '');
    const again = await typeIn(
      folder,
      ['npx shoal launch --engine slurm --resume runs/digits --workers 2 --wait'],
      env,
    );
    assert.equal(again.code, 0, again.output);
    await sameInText(again.output, 10);

    const [script] = scriptsOf('launch-slurm.md') as [string];
    writeFileSync(`${folder}/own.sh`, script.replace('--ntasks=8 --cpus-per-task=16', '--ntasks=2 --output=out.txt'));
    const own = await typeIn(folder, ['sbatch --wait own.sh'], env);
    assert.equal(own.code, 0, own.output);
    assert.match(readFileSync(`${folder}/out.txt`, 'utf8'), /rank 0 of 2, found by Slurm[\s\S]*^sha256 /m);
  });

  it("srun shoal worker in somebody's own script ends with the same hashes", async () => {
    const script = `#!/bin/bash
#SBATCH --ntasks=2 --output=out.txt
export MASTER_ADDR=127.0.0.1
srun ${SHOAL.join(' ')} worker ${DIGITS} ${EPOCH.join(' ')} --threads 1 --json
`;
    writeFileSync(`${folder}/own.sh`, script);
    const submit = call(folder, ['sbatch', '--wait', '--export=ALL', 'own.sh'], undefined, { SHOAL_TOKEN: token });
    assert.equal(await submit.code, 0, submit.stderr);
    const lines = readFileSync(`${folder}/out.txt`, 'utf8').trim().split('\n');
    await sameAsDigits(JSON.parse(lines.filter((line) => line.startsWith('{"event":"done"')).at(-1)!));
  });
});
