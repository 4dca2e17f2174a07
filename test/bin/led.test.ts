// led.test.ts: a run that a process trains, or a coordinator leads, is not resumed by a second one; when the first is gone, it is.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { holdRun } from '../../bin/input/hold-run.ts';
import { newToken } from '../../cluster/token.ts';
import { type ClusterJob, clusterJob } from '../support/cluster-job.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { newFolder, shoal } from './support/shoal.ts';

const env = { SHOAL_TOKEN: newToken() };
const bin = new URL('../../bin/shoal.ts', import.meta.url).pathname;

describe('a run whose coordinator is there', function () {
  this.timeout(60_000);
  let at: ClusterJob;
  let leader: ChildProcess;
  let url: string;

  before(async () => {
    at = clusterJob({ epochs: 1 });
    leader = spawn(process.execPath, [bin, 'coordinator', at.path, '--json'], {
      cwd: at.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    [{ listening: url }] = (await once(leader, 'message')) as [{ listening: string }];
  });
  after(() => {
    leader.kill('SIGKILL');
    at.remove();
  });

  it('is refused to whoever would resume it, with its address, and nothing of it is touched', async () => {
    const log = () => readFileSync(`${at.folder}/runs/small/commits.jsonl`, 'utf8');
    const before = log();
    const calls = [['train'], ['train', '--workers', '2'], ['launch', '--engine', 'local'], ['coordinator']];
    for (const outcome of await Promise.all(
      calls.map((args) => shoal(at.folder, [...args, '--resume', 'runs/small'], { env })),
    )) {
      assert.equal(outcome.code, 2, outcome.stderr);
      assert.match(outcome.stderr, /^error SHOAL_RUN_LED: resume the run runs\/small\n/);
      assert.match(outcome.stderr, /at step 0 of \d+\n[\s\S]*shoal status runs\/small/);
      assert.ok(outcome.stderr.includes(url));
    }
    assert.equal(log(), before);
  });

  it('is resumed when it was killed, though its address still stands in the folder', async () => {
    const gone = once(leader, 'exit');
    leader.kill('SIGKILL');
    await gone;
    assert.equal(readFileSync(`${at.folder}/runs/small/url`, 'utf8').trim(), url);
    const { code, stderr } = await shoal(at.folder, ['train', '--resume', 'runs/small'], { env });
    assert.equal(code, 0, stderr);
  });
});

describe('a run that a process trains', function () {
  this.timeout(60_000);

  it('is refused to whoever would resume it; when that process was killed, it is resumed', async () => {
    const folder = newFolder();
    const resume = (...args: string[]) => shoal(folder, [...args, '--resume', 'runs/job']);
    const trains = await new Promise<{ kill: () => void; ended: Promise<unknown> }>((resolve) => {
      const ended = shoal(folder, ['train', 'job.json', '--json', '--epochs', '100000'], {
        onStdout: (text, kill) => text.includes('"checkpoint"') && resolve({ kill: () => kill('SIGKILL'), ended }),
      });
    });
    for (const outcome of await Promise.all([
      resume('train'),
      resume('train', '--workers', '2'),
      resume('coordinator'),
    ])) {
      assert.equal(outcome.code, 2, outcome.stderr);
      assert.match(outcome.stderr, /^error SHOAL_RUN_LED: resume the run runs\/job\n {2}got {6}process \d+, which/);
    }
    trains.kill();
    await trains.ended;
    assert.ok(readdirSync(`${folder}/runs/job`).includes('holder'));
    const { code, stderr } = await shoal(folder, ['train', '--resume', 'runs/job', '--dry-run']);
    assert.equal(code, 0, stderr);
    let asked = false; // once: a second Ctrl-C quits at once
    const more = await shoal(folder, ['train', '--resume', 'runs/job', '--json', '--epochs', '100000'], {
      onStdout(text, kill) {
        if (!asked && text.includes('"step"')) kill('SIGINT');
        asked = text.includes('"step"');
      },
    });
    assert.equal(more.code, 130, more.stderr);
    assert.ok(!readdirSync(`${folder}/runs/job`).includes('holder'));
  });

  it('is held once; a word of another machine, of an earlier process of the same number, or none, holds nothing', () => {
    const run = temporaryFolder('held');
    const release = holdRun(run);
    assert.throws(() => holdRun(run), { code: 'SHOAL_RUN_LED', got: `process ${process.pid}, which trains it` });
    release();
    const earlier = { host: hostname(), pid: process.pid, began: '1' };
    for (const word of ['', JSON.stringify({ ...earlier, host: 'elsewhere' }), JSON.stringify(earlier)]) {
      writeFileSync(`${run}/holder`, word);
      holdRun(run)();
      assert.deepEqual(readdirSync(run), []);
    }
    assert.throws(() => holdRun(`${run}/none`), { code: 'SHOAL_RUN_WRITE' });
  });
});
