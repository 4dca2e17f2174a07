// led.test.ts: a run that a process trains, or a coordinator leads, is not resumed by a second one; when the first is gone, it is.
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { holdRun } from '../../bin/input/hold-run.ts';
import { newToken } from '../../cluster/token.ts';
import { type ClusterJob, clusterJob } from '../support/cluster-job.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { newFolder, shoal } from './support/shoal.ts';

const wordsIn = (run: string) => readdirSync(run).filter((file) => file.startsWith('holder'));
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
    assert.equal(wordsIn(`${folder}/runs/job`).length, 1);
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
    assert.deepEqual(wordsIn(`${folder}/runs/job`), []);
  });

  it('is held once; a word of another machine, of an earlier process of the same number, or of nobody, holds nothing', async () => {
    const run = temporaryFolder('held');
    const release = await holdRun(run);
    const [own, ...others] = wordsIn(run);
    assert.deepEqual(others, []);
    await assert.rejects(holdRun(run), { code: 'SHOAL_RUN_LED', got: `process ${process.pid}, which trains it` });
    release();
    assert.deepEqual(wordsIn(run), []);
    const earlier = `holder.${process.pid}.1.${hostname()}`;
    for (const word of [`${own}-elsewhere`, earlier, `holder.${2 ** 22 + 1}..${hostname()}`]) {
      writeFileSync(`${run}/${word}`, '');
      (await holdRun(run))();
      assert.deepEqual(readdirSync(run), []);
    }
    await assert.rejects(holdRun(`${run}/none`), { code: 'SHOAL_RUN_WRITE' });
  });

  it('is held by exactly one of eight processes that come at once after one that was killed, in each of five rounds', async () => {
    const run = temporaryFolder('raced');
    const racers = Array.from({ length: 8 }, () =>
      fork(new URL('./support/hold.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
    const all = (what: object): Promise<string[]> =>
      Promise.all(
        racers.map(async (racer) => {
          const heard = once(racer, 'message');
          racer.send(what);
          return (await heard)[0] as string;
        }),
      );
    try {
      for (let round = 0; round < 5; round++) {
        writeFileSync(`${run}/holder.${process.pid}.1.${hostname()}`, ''); // its number was given again, to this process
        const at = Date.now() + 20; // all are awake by then, and wait without sleeping
        const outcomes = await all({ hold: run, at });
        assert.deepEqual(outcomes.sort(), [...Array(7).fill('SHOAL_RUN_LED'), 'held']);
        assert.equal(wordsIn(run).length, 1);
        await all({});
        assert.deepEqual(wordsIn(run), []);
      }
    } finally {
      const gone = racers.map((racer) => once(racer, 'exit'));
      for (const racer of racers) racer.disconnect();
      await Promise.all(gone);
    }
  });

  it('is led by one of two coordinators that resume it at once', async () => {
    const at = clusterJob({ epochs: 1 });
    const first = await shoal(at.folder, ['train', at.path], { env });
    assert.equal(first.code, 0, first.stderr);
    const path = `${at.folder}/runs/small`;
    const kills: ((signal: NodeJS.Signals) => void)[] = [];
    let refused = (): void => {};
    const one = new Promise<void>((resolve) => {
      refused = resolve;
    });
    const resume = async () => {
      let leads = (): void => {};
      const leading = new Promise<void>((resolve) => {
        leads = resolve;
      });
      const outcome = await shoal(at.folder, ['coordinator', '--resume', path, '--epochs', '2'], {
        env,
        onStarted(kill) {
          kills.push(kill);
          void Promise.all([leading, one]).then(() => kill('SIGINT'));
        },
        onStderr: (text) => text.includes('listening at') && leads(),
      });
      refused();
      return outcome;
    };
    const ending = setTimeout(() => kills.map((kill) => kill('SIGKILL')), 40_000);
    const outcomes = await Promise.all([resume(), resume()]);
    clearTimeout(ending);
    assert.deepEqual(outcomes.map((it) => it.code).sort(), [130, 2], outcomes.map((it) => it.stderr).join());
    assert.match(outcomes.find((it) => it.code === 2)!.stderr, /^error SHOAL_RUN_LED: /);
    assert.deepEqual(wordsIn(path), []);
    at.remove();
  });
});
