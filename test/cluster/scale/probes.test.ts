// probes.test.ts: the processes that measure what a machine gives: what ends one of them, and what whoever waits for it is told. Not how fast they are.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type Probes, startProbes } from '../../../cluster/scale/probes.ts';

/** Node tells of every child process there. */
const STARTED = 'child_process';
/** Of work that would outlast the test. */
const LONG = 1000;

describe('probe processes', () => {
  let probes: Probes;
  let children: ChildProcess[];
  const note = (message: unknown): void => {
    children.push((message as { readonly process: ChildProcess }).process);
  };

  beforeEach(() => {
    children = [];
    subscribe(STARTED, note);
    probes = startProbes();
  });

  afterEach(async () => {
    unsubscribe(STARTED, note);
    for (const child of children) child.kill('SIGKILL');
    await probes.close();
  });

  it('pass Ctrl-C over, at rest and at work, and end when they are closed', async () => {
    assert.ok((await probes.measure(2, 0.01)) > 0);
    for (const child of children) child.kill('SIGINT');
    const rate = probes.measure(2, 0.2);
    for (const child of children) child.kill('SIGINT');
    assert.ok((await rate) > 0);
    await probes.close();
    assert.deepEqual(
      children.map(({ exitCode, signalCode }) => [exitCode, signalCode]),
      [
        [0, null],
        [0, null],
      ],
    );
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const)
    it(`that ${signal} ends at work are told of to whoever waits, and the others are closed`, async () => {
      await probes.measure(2, 0.01);
      const rate = probes.measure(1, LONG);
      children[0]!.kill(signal);
      await assert.rejects(rate, {
        code: 'SHOAL_SCALE_PROBE',
        got: `the end of a probe process: ${signal}`,
        message: /--resume/,
      });
      await probes.close();
      assert.equal(children[1]!.exitCode, 0);
    });

  it('that end while they start are told of to whoever waits', async () => {
    const rate = probes.measure(1, LONG);
    children[0]!.kill('SIGKILL');
    await assert.rejects(rate, { code: 'SHOAL_SCALE_PROBE' });
  });

  it('that end at rest are told of to who asks next, every time', async () => {
    await probes.measure(1, 0.01);
    const gone = once(children[0]!, 'exit');
    children[0]!.kill('SIGTERM');
    await gone;
    for (const count of [1, 2]) await assert.rejects(probes.measure(count, LONG), { code: 'SHOAL_SCALE_PROBE' });
  });
});
