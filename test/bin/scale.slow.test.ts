// scale.slow.test.ts: shoal scale as a whole: measured runs of a small job, its files, and an experiment that goes on where it was cut off.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { linesOf, newFolder, type Outcome, shoal } from './support/shoal.ts';

describe('shoal scale', function () {
  this.timeout(60_000);

  it('measures a grid, writes a page, and resumes: only what is missing is run again', async () => {
    const folder = newFolder();
    const args = [
      'scale',
      'job.json',
      '--threads',
      '1,2',
      '--repeat',
      '1',
      '--seconds',
      '0.2',
      '--warmup',
      '0.05',
      '--json',
    ];
    const first = await shoal(folder, args);
    assert.equal(first.code, 0, first.stderr);
    const lines = linesOf(first.stdout);
    assert.deepEqual(
      lines.map((it) => it['event']),
      ['run', 'run', 'done'],
    );
    for (const run of lines.slice(0, 2)) {
      assert.ok((run['samplesPerSecond'] as number) > 0);
      assert.ok((run['probe'] as { one: number }).one > 0);
    }
    const done = lines.at(-1)! as { readonly efficiency: Record<string, number>; readonly axis: string };
    assert.equal(done.axis, 'threads');
    assert.deepEqual(Object.keys(done.efficiency), ['1', '2']);
    const at = `${folder}/runs/scale-job`;
    const page = readFileSync(`${at}/report.html`, 'utf8');
    assert.deepEqual(JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)![1]!), done);

    const results = readFileSync(`${at}/results.jsonl`, 'utf8').split('\n');
    writeFileSync(`${at}/results.jsonl`, `${results[0]}\n${results[1]!.slice(0, 50)}`);
    const second = await shoal(folder, ['scale', '--resume', 'runs/scale-job', '--json']);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(
      linesOf(second.stdout).map((it) => it['event']),
      ['run', 'done'],
    );
    assert.equal(readFileSync(`${at}/results.jsonl`, 'utf8').split('\n')[0], results[0]);
    const none = await shoal(folder, ['scale', '--resume', 'runs/nothing']);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /SHOAL_SCALE_MISSING/);
  });

  it('tells why a run that it measures has ended: it was done, or of what it failed', async () => {
    const folder = newFolder();
    const measured = async (...more: string[]) => {
      const { code, stderr } = await shoal(folder, ['scale', 'job.json', '--threads', '1', '--repeat', '1', ...more]);
      assert.equal(code, 1, stderr);
      return stderr;
    };
    assert.match(
      await measured('--target', '1', '--lr', '1e-9', '--epochs', '1'),
      /SHOAL_SCALE_RUN[\s\S]*got +the end of the run after \d+ steps\n/,
    );
    assert.match(await measured('--lr', '1e30'), /SHOAL_SCALE_RUN[\s\S]*got +error SHOAL_NOT_FINITE/);
  });

  it('on Ctrl-C while it probes, which hits its processes, too, says how to go on, leaves none and exits with 130; resumed, it is done', async () => {
    const folder = newFolder();
    let signal = (_: NodeJS.Signals): void => {};
    let pressed = false;
    const short = ['--threads', '1,2', '--repeat', '1', '--seconds', '0.2', '--warmup', '0.05'];
    const cut = await shoal(folder, ['scale', 'job.json', ...short], {
      group: true,
      onStarted(kill) {
        signal = kill;
      },
      onStderr(text) {
        if (pressed || !/^1\/2 /m.test(text)) return;
        pressed = true; // a second one would quit at once
        signal('SIGINT');
      },
    });
    endsWell(cut, /\n1\/2 .*\n/);
    assert.throws(() => signal('SIGKILL'), { code: 'ESRCH' });
    const kept = readFileSync(`${folder}/runs/scale-job/results.jsonl`, 'utf8');
    const resumed = await shoal(folder, ['scale', '--resume', 'runs/scale-job']);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, /^2\/2 /m);
    assert.doesNotMatch(resumed.stderr, /^1\/2 /m);
    const results = readFileSync(`${folder}/runs/scale-job/results.jsonl`, 'utf8');
    assert.ok(results.startsWith(kept));
    assert.equal(results.trimEnd().split('\n').length, 2);
  });

  for (const group of [true, false])
    it(`on an interrupt of ${group ? 'all its processes' : 'itself alone'} while a run trains, ends that at once and leaves nothing of it`, async () => {
      const folder = newFolder();
      const temporary = `${folder}/temporary`;
      mkdirSync(temporary);
      const ended = new AbortController();
      let signal = (_: NodeJS.Signals): void => {};
      const called = shoal(folder, ['scale', 'job.json', '--threads', '1', '--repeat', '1', '--seconds', '1000'], {
        group,
        env: { TMPDIR: temporary },
        onStarted(kill) {
          signal = kill;
        },
      }).finally(() => ended.abort());
      while (!ended.signal.aborted && !isTraining(temporary)) await wait(50); // the runner's time limit ends it otherwise
      if (!ended.signal.aborted) signal('SIGINT');
      endsWell(await called, /rounds\n/);
      if (group) assert.throws(() => signal('SIGKILL'), { code: 'ESRCH' });
      assert.deepEqual(readdirSync(temporary), []);
    });
});

/** Whether the log of the run that is measured has begun. */
function isTraining(temporary: string): boolean {
  const [measured] = readdirSync(temporary).filter((name) => name.startsWith('shoal-scale-'));
  return measured !== undefined && existsSync(`${temporary}/${measured}/job/events.jsonl`);
}

/** @param before what it said before the interrupt */
function endsWell({ code, stdout, stderr }: Outcome, before: RegExp): void {
  assert.equal(code, 130, stderr);
  const last = 'Interrupted. What was measured is kept.\nGo on with:  npx shoal scale --resume runs/scale-job\n';
  assert.ok(stderr.endsWith(last), stderr);
  assert.match(stderr.slice(0, -last.length), new RegExp(`${before.source}$`));
  assert.equal(stdout, '');
}
