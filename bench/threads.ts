// threads.ts: what a second thread brings, beside what a second process brings a probe that shares nothing. The machine's own limit.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from './probe.ts';
import { type Example, exampleJob, measureTraining } from './training.ts';

export interface ThreadsFigure {
  readonly name: string;
  /** Two threads over one. */
  readonly ours: number;
  /** Two probe processes over one. */
  readonly probe: number;
  readonly ratio: number;
}

/** Rates of `count` probe processes at work at the same time, summed: turns of multiply-adds a second. */
async function probes(count: number, seconds: number): Promise<number> {
  const children: ChildProcess[] = Array.from({ length: count }, () =>
    fork(new URL('./probe-process.ts', import.meta.url)),
  );
  await Promise.all(children.map((child) => once(child, 'message'))); // ready
  const rates = children.map(async (child) => {
    const answer = once(child, 'message');
    child.send({ seconds });
    const [rate] = (await answer) as [number];
    return rate;
  });
  const sum = (await Promise.all(rates)).reduce((a, b) => a + b, 0);
  const exits = children.map((child) => once(child, 'exit'));
  for (const child of children) child.disconnect();
  await Promise.all(exits);
  return sum;
}

/** Speed-up of an example by a second thread, and of the probe by a second process, turn and turn about. */
export async function benchThreads(name: Example, rounds: number, seconds: number): Promise<ThreadsFigure> {
  const job = exampleJob(name);
  const ours: number[] = [];
  const probe: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const p1 = await probes(1, seconds);
    const one = await measureTraining(job, 1, seconds);
    const p2 = await probes(2, seconds);
    const two = await measureTraining(job, 2, seconds);
    ours.push(two.samplesPerSecond / one.samplesPerSecond);
    probe.push(p2 / p1);
  }
  const [o, p] = [median(ours), median(probe)];
  return { name: `two threads over one: ${name}`, ours: o, probe: p, ratio: median(ours.map((v, i) => v / probe[i]!)) };
}
