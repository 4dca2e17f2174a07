// train.test.ts: `shoal train` as a process: what it prints, writes, and ends with.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf, newFolder, type Outcome, shoal } from './support/shoal.ts';

const HASHES = ['parameters_sha256', 'state_sha256', 'optimizer_sha256'] as const;
type Done = Record<(typeof HASHES)[number], string> & { event: string; reason: string; steps: number };
const doneOf = (stdout: string): Done => linesOf(stdout).at(-1) as Done;
const hashesOf = (stdout: string): string[] => HASHES.map((key) => doneOf(stdout)[key]);

describe('shoal train', () => {
  const folder = newFolder();
  let first: Outcome;

  before('the job as it is, once for all', async () => {
    first = await shoal(folder, ['train', 'job.json', '--json', '--threads', '2']);
  });

  it('prints events as lines of JSON and nothing else on stdout with --json, the last one "done"', () => {
    const { code, stdout, stderr } = first;
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const events = linesOf(stdout);
    assert.equal(events[0]!['event'], 'start');
    assert.equal(events.filter(({ event }) => event === 'step').length, 16);
    assert.equal(events.filter(({ event }) => event === 'epoch').length, 2);
    const done = events.at(-1)!;
    assert.deepEqual(Object.keys(done).slice(0, 6), [
      'event',
      'reason',
      'steps',
      'wall_s',
      'samples_per_second',
      'metrics',
    ]);
    assert.equal(done['event'], 'done');
    assert.equal(done['steps'], 16);
    assert.ok((done['metrics'] as { accuracy: number }).accuracy > 0.5);
    for (const key of HASHES) assert.match(done[key] as string, /^[0-9a-f]{64}$/);
    assert.equal(readFileSync(join(folder, 'runs/job/events.jsonl'), 'utf8'), stdout);
    assert.deepEqual(readdirSync(join(folder, 'runs/job')).sort(), [
      'checkpoints',
      'events.jsonl',
      'job.json',
      'model',
      'train',
      'validation',
    ]);
    for (const model of ['last', 'best']) assert.ok(existsSync(join(folder, 'runs/job/model', model, 'model.json')));
  });

  it('prints plain lines without a terminal, a summary, and what to type next', async () => {
    const { code, stdout, stderr } = await shoal(newFolder(), ['train', 'job.json']);
    assert.equal(code, 0, stderr);
    assert.ok(!`${stdout}${stderr}`.includes('\u001b'), 'no control sequences');
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines[0], 'runs/job');
    assert.match(lines[1]!, /^job: \d+ parameters, /);
    assert.ok(lines.length === 4 || /^This Node/.test(lines[2]!)); // where it is not the fastest
    assert.match(lines.at(-2)!, /^epoch 1\/2 .* ms\/step .* samples\/s .*loss .*accuracy .*held out loss .*accuracy/);
    assert.match(lines.at(-1)!, /^epoch 2\/2 /);
    for (const part of [
      /^held out +loss \d\.\d{4} {2}accuracy/m,
      /^time /m,
      /^last model +runs\/job\/model\/last/m,
      /^best model/m,
    ])
      assert.match(stdout, part);
    assert.match(stdout, /^sha256 +parameters [0-9a-f]{12} {2}state [0-9a-f]{12} {2}optimizer [0-9a-f]{12}$/m);
    assert.match(stdout, /npx shoal eval runs\/job\n +npx shoal predict runs\/job FILE$/m);
  });

  it('ends in the same three hashes on a second run with other threads, and in others with another seed', async () => {
    const [second, third] = await Promise.all([
      shoal(folder, ['train', 'job.json', '--json', '--threads', '1']),
      shoal(folder, ['train', 'job.json', '--json', '--seed', '2', '--out', 'elsewhere']),
    ]);
    assert.deepEqual(hashesOf(second.stdout), hashesOf(first.stdout));
    assert.notDeepEqual(hashesOf(third.stdout), hashesOf(first.stdout));
    assert.deepEqual(readdirSync(join(folder, 'runs')).sort(), ['job', 'job-2']);
    assert.deepEqual(readdirSync(join(folder, 'elsewhere')), ['job']);
  });

  for (const [press, signal] of [
    ['Ctrl-C', 'SIGINT'],
    ['the end of its terminal', 'SIGHUP'],
  ] as const)
    it(`on ${press} writes a checkpoint, says how to resume and exits with 130; resumed, it ends in the same hashes`, async () => {
      const folder = newFolder(1024);
      const options = ['--json', '--epochs', '6'];
      const undisturbed = shoal(folder, ['train', 'job.json', ...options, '--out', 'whole']);
      let pressed = false;
      const cut = await shoal(folder, ['train', 'job.json', ...options], {
        onStdout(text, kill) {
          if (pressed || !text.includes('"event":"step"')) return;
          pressed = true;
          kill(signal);
        },
      });
      assert.equal(cut.code, 130, cut.stderr);
      assert.equal(doneOf(cut.stdout).reason, 'interrupted');
      const { steps } = doneOf(cut.stdout);
      assert.ok(steps > 0 && steps < 6 * 64, `${steps} steps`);
      assert.match(cut.stderr, /^Go on with: {2}npx shoal train --resume runs\/job$/m);
      const resumed = await shoal(folder, ['train', '--resume', 'runs/job', '--json']);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.equal(linesOf(resumed.stdout)[0]!['from'], steps);
      const whole = await undisturbed;
      assert.deepEqual(hashesOf(resumed.stdout), hashesOf(whole.stdout));
      // the same held-out figures, too
      assert.deepEqual(linesOf(resumed.stdout).at(-1)!['metrics'], linesOf(whole.stdout).at(-1)!['metrics']);
    });

  it('on Ctrl-C before its coordinator is up, with --workers 2, ends at once and says that there is nothing to go on with', async () => {
    const folder = newFolder();
    let press = (): void => {};
    const { code, stdout, stderr } = await shoal(folder, ['train', 'job.json', '--workers', '2', '--threads', '1'], {
      onStderr(text) {
        if (!/^runs\/job$/m.test(text)) return;
        press();
        press = () => {}; // a second one would quit at once
      },
      onStarted(kill) {
        press = () => kill('SIGINT');
      },
    });
    assert.equal(code, 130, stderr);
    assert.match(stderr, /^Interrupted before the first checkpoint: there is nothing to go on with\./m);
    assert.doesNotMatch(`${stdout}${stderr}`, /restarted|Go on with|epoch/);
  });

  it('falls back from a corrupt checkpoint to the one before, says so, and ends in the same hashes', async () => {
    cpSync(join(folder, 'runs/job'), join(folder, 'copy'), { recursive: true });
    const damaged = join(folder, 'copy/checkpoints/step-00000016/optimizer.safetensors');
    const bytes = readFileSync(damaged);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(damaged, bytes);
    const { code, stdout, stderr } = await shoal(folder, ['train', '--resume', 'copy', '--json']);
    assert.equal(code, 0, stderr);
    const [problem, start] = linesOf(stdout) as [
      { problem: { code: string; operation: string }; fatal: boolean },
      { from: number },
    ];
    assert.equal(problem.problem.code, 'SHOAL_CHECKPOINT_CORRUPT');
    assert.match(problem.problem.operation, /step-00000016/);
    assert.equal(problem.fatal, false);
    assert.equal(start.from, 8);
    assert.deepEqual(hashesOf(stdout), hashesOf(first.stdout));
  });

  it('goes on with more epochs, and refuses to go on with another seed or fewer epochs than it has behind it', async () => {
    await shoal(folder, ['train', 'job.json', '--epochs', '1', '--json', '--out', 'short']);
    cpSync(join(folder, 'short'), join(folder, 'same'), { recursive: true });
    const [other, more] = await Promise.all([
      shoal(folder, ['train', '--resume', 'same/job', '--seed', '5']),
      shoal(folder, ['train', '--resume', 'short/job', '--epochs', '2', '--json']),
    ]);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /^error SHOAL_RUN_JOB: [\s\S]*got +another seed$/m);
    assert.deepEqual(hashesOf(more.stdout), hashesOf(first.stdout));
    const job = readFileSync(join(folder, 'short/job/job.json'), 'utf8');
    const fewer = await shoal(folder, ['train', '--resume', 'short/job', '--epochs', '1']);
    assert.equal(fewer.code, 2);
    assert.match(
      fewer.stderr,
      /^error SHOAL_RUN_JOB: [\s\S]*got +1 epochs\n +expected at least the 2 that it has begun$/m,
    );
    assert.equal(readFileSync(join(folder, 'short/job/job.json'), 'utf8'), job);
  });

  it('stops at a loss that is not finite, with exit code 1, and leaves a good checkpoint', async () => {
    const settings = ['--set', 'optimizer=sgd', '--set', 'checkpoint.everySteps=1', '--lr', '1e38', '--out', 'nan'];
    const { code, stdout, stderr } = await shoal(folder, ['train', 'job.json', '--json', ...settings]);
    assert.equal(code, 1);
    assert.match(stderr, /^error SHOAL_NOT_FINITE: /);
    assert.ok(!stderr.includes('    at '), 'no stack');
    const problems = linesOf(stdout).filter(({ event }) => event === 'problem');
    assert.deepEqual(
      problems.map((event) => event['fatal']),
      [true],
    );
    const whole = readdirSync(join(folder, 'nan/job/checkpoints')).filter((name) => /^step-\d+$/.test(name));
    assert.ok(whole.length > 0, 'a checkpoint is there');
  });

  it('with --workers 1:2 starts one, says how another may join, and lets it', async () => {
    const guests: Promise<{ code: number | null }>[] = [];
    let pressed = false;
    let said = '';
    const args = ['train', 'job.json', '--json', '--workers', '1:2', '--epochs', '5000', '--out', 'open'];
    const { code, stdout, stderr } = await shoal(folder, args, {
      onStderr(text) {
        const told = /may join with SHOAL_TOKEN=\$\(cat (\S+)\) and\n {2}npx shoal (worker --connect \S+)\n/.exec(text);
        if (!told || guests.length > 0) return;
        const env = { SHOAL_TOKEN: readFileSync(join(folder, told[1]!), 'utf8').trim() };
        guests.push(shoal(folder, [...told[2]!.split(' '), '--name', 'guest', '--threads', '1'], { env }));
      },
      onStdout(text, kill) {
        said += text;
        const joined = (name: string): boolean => said.includes(`"joined","role":"worker","name":"${name}"`);
        if (pressed || !joined('guest') || !joined('worker-1')) return;
        pressed = true;
        kill('SIGINT');
      },
    });
    assert.equal(code, 130, stderr);
    assert.equal((await guests[0]!).code, 0);
    const members = linesOf(stdout).filter(({ event, role }) => event === 'member' && role === 'worker');
    assert.deepEqual(members.map(({ change, name }) => `${name} ${change}`).sort(), [
      'guest joined',
      'worker-1 joined',
    ]);
  });

  it('with --dry-run prints the plan, tries a few batches and saves nothing', async () => {
    const { code, stdout, stderr } = await shoal(folder, ['train', 'job.json', '--dry-run', '--out', 'dry']);
    assert.equal(code, 0, stderr);
    for (const part of [/^conv2d +Conv2D +\(6, 6, 4\) +40 /m, /^memory/m, /forward and backward/, /nothing was saved/])
      assert.match(stdout, part);
    assert.ok(!existsSync(join(folder, 'dry')));
  });

  it('starts from the weights of a model.json of tfjs that the job names', async () => {
    const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
    const model = { $file: 'runs/job/model/last/model.json', weights: true };
    writeFileSync(join(folder, 'next.json'), JSON.stringify({ ...job, model, epochs: 1 }));
    const args = ['train', 'next.json', '--json', '--lr', '1e-30', '--out', 'next'];
    const { code, stdout, stderr } = await shoal(folder, args);
    assert.equal(code, 0, stderr);
    // with a rate of nearly nothing, the model is the one that it started from
    assert.equal(doneOf(stdout).parameters_sha256, doneOf(first.stdout).parameters_sha256);
  });
});
