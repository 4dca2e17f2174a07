// views.test.ts: what is shown of a run: lines and how often, bars, interrupts, numbers as text. With clocks and streams of our own.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import pc from 'picocolors';
import { ShoalError } from '../../base/errors.ts';
import { createInterrupt, onInterrupt } from '../../bin/interrupt.ts';
import { barView } from '../../bin/output/bar-view.ts';
import { errorText } from '../../bin/output/errors.ts';
import { exitCodeOf } from '../../bin/output/exit-codes.ts';
import { bytes, clock, duration, figure, flops, table } from '../../bin/output/format.ts';
import { memberText } from '../../bin/output/member-text.ts';
import { createPace } from '../../bin/output/pace.ts';
import { plainView } from '../../bin/output/plain-view.ts';
import { resultText, resumeText } from '../../bin/output/result-text.ts';
import type { Screen } from '../../bin/output/screen.ts';
import { typed } from '../../bin/output/usage-error.ts';
import type { EpochEvent, StartEvent, StepEventRecord } from '../../trainer/events.ts';

const plain = pc.createColors(false);

function screen(): { screen: Screen; lines: string[] } {
  const lines: string[] = [];
  const add = (text: string) => void lines.push(text);
  return { screen: { out: add, err: add, live: false, width: 80, outColors: plain, errColors: plain }, lines };
}

const start = {
  event: 'start',
  speed: 1,
  name: 'x',
  parameters: 10,
  memory: { total: 2048 },
  flops_per_sample: 1e6,
  threads: 2,
  steps: 200,
  epochs: 2,
  from: 0,
};
const step = (n: number): StepEventRecord => ({
  event: 'step',
  step: n,
  epoch: 1,
  loss: 0.5,
  metrics: {},
  ms: 100,
  samples: 32,
});
const epoch: EpochEvent = {
  event: 'epoch',
  epoch: 1,
  train: { loss: 0.25 },
  metrics: { loss: 0.5, per_class: [1] },
  wall_s: 10,
};

describe('what is shown of a run', () => {
  it('is at most one line in ten seconds inside an epoch, and one for each epoch', () => {
    const { screen: to, lines } = screen();
    let now = 0;
    const view = plainView(to, () => now);
    view.show(start as unknown as StartEvent);
    for (let i = 1; i <= 100; i++) {
      now += 250;
      view.show(step(i));
    }
    view.show(epoch);
    assert.deepEqual(lines, [
      'x: 10 parameters, 1.0 MFLOP a sample, 2.0 KiB; 2 threads; 200 steps',
      'epoch 1/2  step 40/200  100.0 ms/step  320 samples/s  ETA 0:16  loss 0.5000',
      'epoch 1/2  step 80/200  100.0 ms/step  320 samples/s  ETA 0:12  loss 0.5000',
      'epoch 1/2  10.0 s  100.0 ms/step  320 samples/s  loss 0.2500  held out loss 0.5000',
    ]);
  });

  it('leaves out the pace, and means over steps, where an epoch had none: a resumed run measures its last one again', () => {
    const { screen: to, lines } = screen();
    const view = plainView(to);
    view.show({ ...start, from: 100 } as unknown as StartEvent);
    view.show(epoch);
    view.show({ ...epoch, train: {} });
    assert.deepEqual(lines.slice(1), [
      'epoch 1/2  10.0 s  loss 0.2500  held out loss 0.5000',
      'epoch 1/2  10.0 s  held out loss 0.5000',
    ]);
  });

  it('says how long the rest takes by the steps behind the first, none of which stands for all', () => {
    const pace = createPace();
    assert.equal(pace.secondsFor(10), 0);
    pace.add({ ...step(1), ms: 9000 });
    assert.equal(pace.secondsFor(1), 9);
    pace.add({ ...step(2), ms: 2 }); // it was done long before it could be told of
    for (const n of [3, 4, 5, 6]) pace.add({ ...step(n), ms: 100 });
    assert.ok(Math.abs(pace.secondsFor(1000) - 80) < 3, `${pace.secondsFor(1000)}`);
  });

  it('begins with what the running Node gives away, where it does', () => {
    const { screen: to, lines } = screen();
    plainView(to).show({ ...start, speed: 0.47, node: 'v20.19.0' } as unknown as StartEvent);
    assert.match(lines[0]!, /\nThis Node \(v20\.19\.0\) trains at about 47 % of the speed that Node 24 can reach/);
  });

  it('is a bar on a terminal, taken down before each line', () => {
    let drawn = '';
    const stream = Object.assign(
      new Writable({
        write(chunk, _, done) {
          drawn += chunk;
          done();
        },
      }),
      { isTTY: true, columns: 200 },
    );
    const { screen: to, lines } = screen();
    const view = barView(to, stream as unknown as NodeJS.WritableStream);
    view.show(start as unknown as StartEvent);
    view.show(step(1));
    view.show(step(50));
    view.show(epoch);
    view.close();
    assert.equal(lines.length, 2);
    assert.match(drawn, /epoch 1\/2 ━+─+ 50\/100 {2}100\.0 ms\/step {2}320 samples\/s {2}ETA 0:15 {2}loss 0\.5000/);
    assert.ok(drawn.endsWith('\u001b[2K') || drawn.includes('\u001b[?25h'), 'the cursor is back');
  });

  it('ends well at the first Ctrl-C, at once at the second, and takes presses within 0.5 s for one', () => {
    const calls: string[] = [];
    let now = 0;
    const press = createInterrupt({
      now: () => now,
      first: () => calls.push('first'),
      second: () => calls.push('second'),
    });
    press();
    now = 400;
    press();
    assert.deepEqual(calls, ['first']);
    now = 600;
    press();
    assert.deepEqual(calls, ['first', 'second']);
  });

  it('says who computed how much, and nothing of a run that computed nothing', () => {
    assert.equal(memberText({ event: 'workers', leaves: { a: 1000, b: 2 } }), 'micro-shards computed: a 1,000, b 2');
    assert.equal(memberText({ event: 'workers', leaves: {} }), null);
  });

  it('takes no time of a press from a clock that may be set', () => {
    const calls: string[] = [];
    const { now } = Date;
    Date.now = () => assert.fail('the clock was read');
    const stop = onInterrupt(
      () => calls.push('first'),
      () => calls.push('second'),
    );
    try {
      process.emit('SIGTERM');
      process.emit('SIGTERM');
    } finally {
      stop();
      Date.now = now;
    }
    assert.deepEqual(calls, ['first']);
  });

  const digits = { data: { reader: 'digits' } };
  it('tells no pace of a run that trained no step, and to generate where it learnt the next ids of texts', () => {
    const done = { metrics: {}, wall_s: 0.2, steps: 9, parameters_sha256: '', state_sha256: '', optimizer_sha256: '' };
    const said = (samples_per_second: number) =>
      resultText({ event: 'done', reason: 'done', ...done, samples_per_second }, digits, 'runs/a', {}, plain);
    assert.match(said(1234), /^time +0\.2 s, 9 steps in all, 1,234 samples\/s$/m);
    assert.match(said(0), /^time +0\.2 s, 9 steps in all$/m);
    assert.match(said(0), /^ +npx shoal predict runs\/a FILE$/m);
    const ofText = (task?: string) =>
      resultText(
        { event: 'done', reason: 'done', ...done, samples_per_second: 0 },
        { data: { reader: 'text', ...(task && { task }) } },
        'runs/a',
        {},
        plain,
      );
    assert.match(ofText(), /^ +npx shoal generate runs\/a$/m);
    assert.match(ofText('masked'), /^ +npx shoal predict runs\/a FILE$/m);
  });

  it('says how to go on: with the executor that was asked for, and only where there is a checkpoint', () => {
    assert.match(resumeText('runs/a b', true), /^Go on with: {2}npx shoal train --resume 'runs\/a b'$/);
    assert.match(resumeText('runs/a', true, 'tfjs-cpu'), / --resume runs\/a --executor tfjs-cpu$/);
    assert.match(resumeText('runs/a', true, undefined, 'coordinator'), /npx shoal coordinator --resume runs\/a$/);
    assert.match(resumeText('runs/a', false, 'tfjs-cpu'), /nothing to go on with/);
  });

  it('has problems in parts, and hides stacks', () => {
    const error = new ShoalError({ code: 'SHOAL_X', operation: 'do it', got: 'a\nb', expected: 'c', hint: 'd' });
    const text = 'error SHOAL_X: do it\n  got      a\n           b\n  expected c\n  hint     d';
    assert.equal(errorText(error, plain, false), text);
    assert.ok(errorText(error, plain, true).startsWith(`${text}\nShoalError: `));
    assert.match(
      errorText(new TypeError('oops'), plain, false),
      /^error SHOAL_INTERNAL: run\n {2}got {6}oops\n[\s\S]*--verbose/,
    );
  });

  it('ends in 2 for what was asked wrongly, in 1 for what failed', () => {
    const code = (name: `SHOAL_${string}`) =>
      exitCodeOf(new ShoalError({ code: name, operation: '', got: '', expected: '', hint: '' }));
    for (const name of [
      'SHOAL_JOB',
      'SHOAL_SHAPE',
      'SHOAL_UNKNOWN_LAYER',
      'SHOAL_DATA_LABEL',
      'SHOAL_RUN_JOB',
    ] as const)
      assert.equal(code(name), 2, name);
    for (const name of [
      'SHOAL_NOT_FINITE',
      'SHOAL_THREAD_DIED',
      'SHOAL_DATA_THREAD',
      'SHOAL_CHECKPOINT_WRITE',
    ] as const)
      assert.equal(code(name), 1, name);
    assert.equal(exitCodeOf(new TypeError('x')), 1);
  });

  it('writes numbers for people', () => {
    assert.deepEqual(
      [bytes(0), bytes(1023), bytes(1536), bytes(200 * 2 ** 20)],
      ['0 B', '1023 B', '1.5 KiB', '200 MiB'],
    );
    assert.deepEqual([flops(12), flops(14_300_000)], ['12 FLOP', '14.3 MFLOP']);
    assert.deepEqual([duration(4.24), duration(59.96), clock(3725)], ['4.2 s', '1:00', '1:02:05']);
    assert.deepEqual(
      [figure(0), figure(0.98765), figure(0.0000123), figure(2e7)],
      ['0.0000', '0.9877', '1.23e-5', '2.00e+7'],
    );
    assert.equal(
      table(
        [
          ['a', '1'],
          ['bcd', '23'],
        ],
        [1],
      ),
      'a     1\nbcd  23',
    );
    assert.equal(typed("it's"), "'it'\\''s'");
  });
});
