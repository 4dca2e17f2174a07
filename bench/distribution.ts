// distribution.ts: what it costs to train in several processes: processor time a step of all of them, beside one process that does the
// same; by part and role; memory; checkpoints and the commit log. Every process is a real one, over loopback sockets.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { local } from '../cluster/launchers/local.ts';
import type { RunEvent } from '../trainer/events.ts';
import { type Job, parseJob } from '../trainer/job.ts';
import { createRun } from '../trainer/run-folder.ts';
import { breakdown, PARTS, type Part } from './breakdown.ts';
import { median } from './probe.ts';
import { type BenchRow, benchRow } from './table.ts';
import type { Usage } from './usage.ts';

const COMMAND = [process.execPath, '--import', new URL('./usage.ts', import.meta.url).href, 'bin/shoal.ts'] as const;
const WORKERS = 2;
const SERVERS = 1;
const MIB = 2 ** 20;

const example = JSON.parse(readFileSync(new URL('../examples/digits.json', import.meta.url), 'utf8')) as object;
const endless = { epochs: 1_000_000, evaluateEvery: 1_000_000 };
const layer = (class_name: string, config: object) => ({ class_name, config });
const dense = (units: number, activation = 'relu') => layer('Dense', { units, activation });

/** Two convolutions and a dense layer: examples/digits.json at batch 256. */
const TWO_CONV = { ...example, ...endless, batch: 256 };
/** Three dense layers, 25 million parameters: more bytes for its work than nearly any other model. */
const LARGE = {
  ...example,
  ...endless,
  name: 'large',
  batch: 256,
  microShards: 4,
  model: {
    class_name: 'Sequential',
    config: {
      name: 'large',
      layers: [
        layer('InputLayer', { batch_shape: [null, 28, 28, 1] }),
        layer('Flatten', {}),
        dense(4440),
        dense(4832),
        dense(10, 'softmax'),
      ],
    },
  },
};

interface Measured {
  /** ms of processor a step, of all processes. */
  readonly cpu: number;
  /** ms on the clock a step. */
  readonly wall: number;
  /** By role: ms a step of all its processes, resident MiB of the largest. */
  readonly roles: Readonly<Record<string, { readonly cpu: number; readonly memory: number }>>;
  /** By role, of main threads: ms a step. */
  readonly parts: Readonly<Record<string, Record<Part, number>>>;
}

/** Steps to leave out at the start of a run (plans, compilers, caches), and to measure. */
interface Span {
  readonly warm: number;
  readonly steps: number;
}

/** Runs a job for so many steps. */
async function measure(job: Job, several: boolean, { warm, steps }: Span, profiled = false): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
  process.env['SHOAL_BENCH_USAGE'] = folder;
  process.env['SHOAL_BENCH_PROFILE'] = profiled ? '1' : '0';
  const stop = new AbortController();
  const marks: { readonly step: number; readonly at: number }[] = [];
  function hear(event: RunEvent): void {
    if (event.event !== 'step' || stop.signal.aborted) return;
    if (event.step === warm || event.step === warm + steps) marks.push({ step: event.step, at: Date.now() });
    if (marks.length === 2) stop.abort();
  }
  try {
    const run = await createRun(join(folder, 'runs'), job);
    if (several) {
      const how = { command: COMMAND, run, workers: WORKERS, servers: SERVERS, threads: 1 };
      await local.launch({ ...how, onEvent: hear, signal: stop.signal });
    } else await alone(run, hear, stop.signal);
    const usages = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Usage);
    return summed(usages, marks[0]!, marks[1]!);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `shoal train` in one process, with as many threads as the workers have together. */
async function alone(run: string, hear: (event: RunEvent) => void, signal: AbortSignal): Promise<void> {
  const [program, ...args] = [...COMMAND, 'train', '--resume', run, '--threads', String(WORKERS), '--json'];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  signal.addEventListener('abort', () => child.kill('SIGINT'));
  createInterface({ input: child.stdout }).on('line', (line) => hear(JSON.parse(line) as RunEvent));
  await new Promise((resolve) => child.on('close', resolve));
}

type Mark = { readonly step: number; readonly at: number };

function summed(usages: readonly Usage[], { step: first, at: from }: Mark, { step: last, at: to }: Mark): Measured {
  const steps = last - first;
  const roles: Record<string, { cpu: number; memory: number }> = {};
  const parts: Record<string, Record<Part, number>> = {};
  for (const { role, samples, profile } of usages) {
    roles[role] ??= { cpu: 0, memory: 0 };
    roles[role].cpu += (cpuAt(samples, to) - cpuAt(samples, from)) / steps;
    const memory = Math.max(...samples.filter(([at]) => at <= to).map(([, , bytes]) => bytes));
    roles[role].memory = Math.max(roles[role].memory, memory / MIB);
    if (!profile) continue;
    const spent = breakdown(profile.of, profile.began, from, to);
    parts[role] ??= Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
    for (const part of PARTS) parts[role][part] += spent[part] / steps;
  }
  const cpu = Object.values(roles).reduce((sum, role) => sum + role.cpu, 0);
  return { cpu, wall: (to - from) / steps, roles, parts };
}

/** Between two samples, on the line between them. */
function cpuAt(samples: Usage['samples'], at: number): number {
  const after = samples.findIndex(([time]) => time >= at);
  if (after <= 0) return samples.at(after)![1];
  const [[t0, c0], [t1, c1]] = [samples[after - 1]!, samples[after]!];
  return t1 === t0 ? c1 : c0 + ((c1 - c0) * (at - t0)) / (t1 - t0);
}

const SIZES = {
  distribution: {
    span: { warm: 150, steps: 150 },
    jobs: [
      ['two-conv, batch 256', TWO_CONV],
      ['two-conv, batch 256, f16', { ...TWO_CONV, codec: 'f16' }],
    ],
  },
  'distribution-large': {
    span: { warm: 4, steps: 12 },
    jobs: [
      ['25M parameters, batch 256', LARGE],
      ['25M parameters, batch 256, f16', { ...LARGE, codec: 'f16' }],
    ],
  },
} as const;

export interface DistributionOptions {
  readonly rounds: number;
  readonly show: (row: BenchRow) => void;
  /** What is under way, for whoever waits. */
  readonly say: (text: string) => void;
}

/** One process and several, turn and turn about; medians. */
export async function benchDistribution(size: keyof typeof SIZES, options: DistributionOptions): Promise<void> {
  const { jobs, span } = SIZES[size];
  for (const [name, json] of jobs) await compare(name, parseJob(json, name), span, options);
  if (size === 'distribution') await checkpoints(span, options);
}

async function compare(name: string, job: Job, span: Span, { rounds, show, say }: DistributionOptions): Promise<void> {
  const single: Measured[] = [];
  const several: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    single.push(await measure(job, false, span));
    several.push(await measure(job, true, span));
    say(`${name}: round ${round + 1} of ${rounds}`);
  }
  const of = (list: readonly Measured[], get: (it: Measured) => number) => median(list.map(get));
  const label = `${name}, ${WORKERS} workers, ${SERVERS} server`;
  const beside = (what: string, get: (it: Measured) => number): void => {
    const row = benchRow(`${label}: ${what}`, of(several, get), { 'one process': of(single, get) });
    show({ ...row, ratio: median(several.map((it, i) => get(it) / get(single[i]!))) });
  };
  beside('CPU ms a step (less is better)', (it) => it.cpu);
  beside('ms on the clock a step', (it) => it.wall);
  const profiled = await measure(job, true, span, true);
  for (const role of Object.keys(several[0]!.roles).sort()) {
    const figure = (what: string, ours: number) => show(benchRow(`  ${role}: ${what}`, ours, {}));
    figure(
      'CPU ms a step',
      of(several, (it) => it.roles[role]!.cpu),
    );
    figure(
      'resident MiB',
      of(several, (it) => it.roles[role]!.memory),
    );
    for (const part of PARTS) figure(`main threads, ${part}, ms a step`, profiled.parts[role]![part]);
  }
}

/** Every step saved, beside none. */
async function checkpoints(span: Span, { show }: DistributionOptions): Promise<void> {
  const [never, always] = [TWO_CONV, { ...TWO_CONV, checkpoint: { everySteps: 1 } }].map((it) => parseJob(it, 'saves'));
  const [none, all] = [await measure(never!, true, span), await measure(always!, true, span)];
  show(benchRow('two-conv, a checkpoint after each step: CPU ms a step', all.cpu, { 'without them': none.cpu }));
  show(benchRow('two-conv, a checkpoint after each step: ms on the clock', all.wall, { 'without them': none.wall }));
}
