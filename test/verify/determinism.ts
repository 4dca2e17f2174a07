// determinism.ts: `npm run verify:determinism [-- NAME]`: ResNet-18, ViT-tiny and the Transformer encoder at full width end with the same
// three hashes and metrics for all threads, teams, ranges and bundles, after kill -9 and resume, and in several processes, disturbed too.
// Nothing is learnt: a few steps of made-up data. Minutes; not part of `npm test`.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { draws } from '../../base/random.ts';
import { auditRun } from '../../cluster/coordinator-files.ts';
import type { DoneEvent } from '../../trainer/events.ts';
import { runSession } from '../../trainer/session.ts';
import { closeAll } from '../cluster/support/ends.ts';
import { HASHES, same, type WholeRuns, wholeRuns } from '../cluster/support/whole-runs.ts';
import { writeIdx } from '../support/idx-files.ts';
import { call, SHOAL } from './support.ts';

const IMAGES = { input: [28, 28, 1], classes: 10 };
/** 38 samples in 5 micro-shards of 3 or 4, twice, and a last batch of 4, in which one micro-shard is empty. */
const COMMON = { batch: 18, microShards: 5, epochs: 2, metrics: ['accuracy'], checkpoint: { everySteps: 2, keep: 2 } };
const MODELS: Readonly<Record<string, (folder: string) => object>> = {
  resnet18: (folder) => ({
    model: { builder: 'resnet18', stem: 'small', ...IMAGES },
    data: { reader: 'idx', path: folder },
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.05, momentum: 0.9, nesterov: true } },
  }),
  vit_tiny: (folder) => ({
    model: { builder: 'vit_tiny', patch: 4, dropout: 0.1, ...IMAGES },
    data: { reader: 'idx', path: folder },
    optimizer: { class_name: 'AdamW', config: { learning_rate: 0.001, global_clipnorm: 1 } },
  }),
  transformer_encoder: (folder) => ({
    model: { builder: 'transformer_encoder' },
    data: { reader: 'text', path: join(folder, 'texts'), length: 256, task: 'document' },
    optimizer: { class_name: 'Adam', config: { learning_rate: 0.001 } },
  }),
};

/** Threads, threads of a team, ranges, level of bundles. */
const MACHINES = [
  [1, 1, 3, 1],
  [2, 1, 2, 0],
  [2, 2, 1, 0],
  [3, 1, 1, 0],
  [3, 3, 2, 0],
] as const;

/** Images 28 x 28 and their labels as IDX files, and two texts. */
function writeData(folder: string): void {
  writeIdx(folder, 28, IMAGES.classes, 38, 10);
  for (const seed of [3, 4]) {
    const random = draws([seed, 0], 0, 0, 0);
    const text = Uint8Array.from({ length: 257 * 21 }, (_, i) => 97 + (random(i) % 26));
    writeFileSync(join(folder, 'texts', `${seed}.txt`), text);
  }
}

async function onMachines({ job, dataset, expected }: WholeRuns): Promise<string> {
  for (const [threads, teamSize, ranges, level] of MACHINES) {
    const { done } = await runSession({ job, dataset, threads, teamSize, ranges, level });
    same(done, expected);
  }
  return MACHINES.map(([threads, teamSize]) => `${threads} threads in teams of ${teamSize}`).join(', ');
}

/** Killed once a checkpoint stands in the middle of an epoch, which is then gone on with from it. */
async function killedAndResumed({ at, expected }: WholeRuns): Promise<string> {
  const command = (...args: string[]) => [...SHOAL, 'train', ...args, '--json', '--threads', '2'];
  const killed = call(at.folder, command(at.path), (event) => {
    if (event.event === 'checkpoint' && event.step >= 2) killed.child.kill('SIGKILL');
  });
  await killed.code;
  assert.notEqual(killed.last()?.event, 'done', 'it ended before it was killed');
  const resumed = call(at.folder, command('--resume', resolve(at.folder, 'runs/small')));
  assert.equal(await resumed.code, 0, resumed.stderr);
  const start = resumed.events.find((it) => it.event === 'start');
  assert.ok(start?.event === 'start' && start.from > 0);
  same(resumed.last() as DoneEvent, expected);
  return `killed -9 and resumed from step ${start.from}`;
}

async function inProcesses(runs: WholeRuns, victims: readonly string[]): Promise<string> {
  let struck = false;
  const ran = await runs.run({
    workers: 2,
    servers: 2,
    onEvent(event, { kill }) {
      if (struck || event.event !== 'step' || event.step < 3) return;
      struck = true;
      for (const name of victims) kill(name);
    },
  });
  same(ran.done, runs.expected);
  const audit = await auditRun(ran.path, runs.job);
  assert.ok(audit.ok, JSON.stringify(audit));
  return `2 workers and 2 servers${victims.length > 0 ? `, ${victims.join(', ')} killed -9` : ''}`;
}

const folder = mkdtempSync(join(tmpdir(), 'shoal-determinism-'));
mkdirSync(join(folder, 'texts'));
writeData(folder);
const only = process.argv[2];
let failed = 0;
let passed = 0;
async function check(name: string, what: () => Promise<string>): Promise<void> {
  const since = performance.now();
  const time = () => `${((performance.now() - since) / 1000).toFixed(0)} s`;
  try {
    console.log(`ok     ${name}: ${await what()} (${time()})`);
    passed++;
  } catch (error) {
    console.log(`FAILED ${name} (${time()})\n${error instanceof Error ? error.stack : String(error)}`);
    failed++;
  }
}
for (const [name, changes] of Object.entries(MODELS)) {
  if (only !== undefined && only !== name) continue;
  const runs = await wholeRuns({ ...COMMON, ...changes(folder) });
  console.log(
    `${name}: ${HASHES.map((hash) => runs.expected[hash].slice(0, 12)).join(' ')}, ${runs.expected.steps} steps`,
  );
  await check(name, () => onMachines(runs));
  await check(name, () => killedAndResumed(runs));
  await check(name, () => inProcesses(runs, []));
  await check(name, () => inProcesses(runs, ['worker-1', 'server-2', 'coordinator']));
  await closeAll();
  runs.remove();
}
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
