// mixed.ts: `npm run verify:mixed`: the digits, by one worker on TensorFlow and two on our kernels, under a tolerance: the usual accuracy,
// though each process is killed -9 in turn. It takes `shoal tensorflow setup`; another tolerance may be given. Some minutes; not part of `npm test`.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executorOf } from '../../bin/input/executor.ts';
import { auditRun } from '../../cluster/coordinator-files.ts';
import { local } from '../../cluster/launchers/local.ts';
import type { Processes } from '../../cluster/launchers/run.ts';
import { arithmetic } from '../../cluster/profile.ts';
import { ownReference, referenceBy } from '../../cluster/reference.ts';
import { differenceOf } from '../../cluster/sketch.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { parseJob } from '../../trainer/job.ts';
import { prepare } from '../../trainer/prepare.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { openJobData } from '../../trainer/session.ts';
import type { Plan } from '../support/role.ts';
import { DIGITS } from './support.ts';

const LEAST = 0.975;
const TOLERANCE = Number(process.argv[2] ?? 1e-5);
const TENSORFLOW = 'worker-1';
/** After so many steps, and when whoever was killed before is back. */
const KILLS = new Map([
  [TENSORFLOW, 250],
  ['worker-2', 500],
  ['worker-3', 750],
  ['server-1', 1000],
  ['coordinator', 1250],
]);

const json = JSON.parse(readFileSync(DIGITS, 'utf8'));
const job = parseJob({ ...json, tolerance: TOLERANCE, checkpoint: { everySteps: 50 } }, DIGITS);
const dataset = await openJobData(job);
const folder = mkdtempSync(join(tmpdir(), 'shoal-mixed-'));
try {
  console.log(`${await differs()} (tolerance ${job.tolerance})`);
  const path = await createRun(folder, job);
  const due = [...KILLS];
  const waiting = new Set<string>();
  const told: RunEvent[] = [];
  let processes: Processes | null = null;
  const options = { '--executor': 'tensorflow' };
  const plan: Plan = { marks: mkdtempSync(join(folder, 'marks-')), roles: { [TENSORFLOW]: { options } } };
  const since = performance.now();
  const done = await local.launch({
    command: [process.execPath, 'test/support/role.ts', JSON.stringify(plan)],
    run: path,
    workers: 3,
    servers: 1,
    threads: 1,
    onStarted: (started) => {
      processes = started;
    },
    onEvent(event) {
      told.push(event);
      if (event.event === 'member' && event.change === 'restarted') waiting.delete(event.name);
      if (event.event !== 'step' || waiting.size > 0 || event.step < (due[0]?.[1] ?? Number.POSITIVE_INFINITY)) return;
      const [name] = due.shift()!;
      waiting.add(name);
      processes!.kill(name);
    },
  });
  const seconds = (performance.now() - since) / 1000;
  const audit = await auditRun(path, job);
  assert.ok(audit.ok, JSON.stringify(audit));
  const killed = told.flatMap((it) => (it.event === 'killed' ? [`${it.name} after step ${it.step}`] : []));
  assert.equal(killed.length, KILLS.size, `killed: ${killed.join(', ')}`);
  const { leaves, draws } = audit.report;
  for (const name of [TENSORFLOW, 'worker-2', 'worker-3']) assert.ok(leaves[name]! > 0, `${name} computed nothing`);
  const accuracy = done.metrics['accuracy'] as number;
  console.log(`killed -9, and back: ${killed.join(', ')}`);
  console.log(
    `micro-shards: ${Object.entries(leaves)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ')}; ${TENSORFLOW}: tensorflow`,
  );
  console.log(`audit: ${draws} draws, each once`);
  console.log(
    `held-out accuracy ${accuracy.toFixed(4)} after ${done.steps} steps in ${seconds.toFixed(0)} s (at least ${LEAST})`,
  );
  assert.ok(accuracy >= LEAST);
} finally {
  rmSync(folder, { recursive: true });
}

/** What the joining gate will see. */
async function differs(): Promise<string> {
  const chosen = (await executorOf('tensorflow'))!;
  const prepared = prepare(job, dataset, { threads: 1, level: 0 });
  const executor = chosen.of(job).create(prepared);
  try {
    const [theirs, ours] = [
      await referenceBy(executor, job, prepared),
      ownReference(job, prepared, arithmetic().kernels),
    ];
    const difference = differenceOf(theirs.sketch, ours.sketch);
    return `${chosen.profile.kernels}: the reference micro-shard differs by ${difference.toExponential(2)} of its norm`;
  } finally {
    await executor.close();
  }
}
