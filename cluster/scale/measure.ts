// measure.ts: one run of a scaling experiment: the command line as anybody would call it, watched by its log, its processor time and its
// coordinator's status for some seconds after a warm-up, or until a target accuracy. It judges nothing.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { askStatus } from '../ask-status.ts';
import { eventsUntil, followLog } from '../follow-log.ts';
import { type CpuTimes, cpuTimes } from './cpu.ts';
import { processors, type Setting } from './grid.ts';

export interface MeasureOptions extends Setting {
  /** What runs `shoal`. */
  readonly command: readonly string[];
  /** The job's file and what changes it: ["job.json", "--set", "batch=64"]. */
  readonly job: readonly string[];
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** Train until the held-out accuracy reaches this, instead of for `seconds`. */
  readonly target: number | null;
  /** Ends the run at once. */
  readonly signal?: AbortSignal;
}

export interface Shares {
  readonly compute: number;
  readonly reduce: number;
  readonly wire: number;
  readonly wait: number;
}

export interface Measured {
  /** Training, evaluation and saving left out. */
  readonly samplesPerSecond: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Of an epoch. */
  readonly samples: number;
  readonly parameters: number;
  /** Read and written by the workers' sockets; null in one process, and where a short run was over before its coordinator told twice. */
  readonly bytesPerStep: number | null;
  /** Of the processors' time; null where the system does not tell. */
  readonly shares: Shares | null;
  /** Null without a target. Seconds are those of the epochs, evaluation in, saving out. */
  readonly toTarget: { readonly epochs: number; readonly seconds: number } | null;
}

interface Mark {
  readonly at: number;
  readonly step: number;
  readonly cpu: CpuTimes | null;
  readonly traffic: { readonly bytes: number; readonly step: number } | null;
}

/** @throws SHOAL_SCALE_RUN, with the error of the run; where it was aborted, the signal's reason */
export async function measureRun(options: MeasureOptions): Promise<Measured> {
  const { command, job, threads, workers, servers, codec, target, signal } = options;
  signal?.throwIfAborted();
  const folder = mkdtempSync(join(tmpdir(), 'shoal-scale-'));
  const [program, ...first] = command;
  const args = [
    ...[...first, 'train', ...job, '--threads', String(threads), '--out', folder],
    ...(workers === null ? [] : ['--workers', String(workers), '--servers', String(servers)]),
    ...(codec === null ? [] : ['--set', `codec=${codec}`]),
  ];
  const abort = signal && { signal, killSignal: 'SIGKILL' as const };
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'], ...abort });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let problem = '';
  child.once('error', (error) => {
    problem = String(error);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problem = (problem + text).slice(-2000);
  });
  const log = followLog(() => within(folder, RUN.events), 'start');
  try {
    return await watch(options, child.pid!, eventsUntil(gone, log), folder);
  } catch (error) {
    signal?.throwIfAborted(); // that is why it has ended
    if (!(error instanceof Ended)) throw error;
    await gone; // for the rest of what it says
    throw new ShoalError({
      code: 'SHOAL_SCALE_RUN',
      operation: `measure ${args.slice(first.length).join(' ')}`,
      // its last words, if any; else what the log told, else what it said to whoever watches
      got: /^error [\s\S]*/m.exec(problem)?.[0].trim() ?? (error.message || problem.trim() || 'its end'),
      expected: target === null ? 'a run that lasts' : `a run that reaches ${target}`,
      hint: 'Try the command by itself. More --epochs make a run longer.',
    });
  } finally {
    child.kill('SIGKILL'); // its processes end with it
    await gone;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // not rmSync, which does not wait between its tries
  }
}

class Ended extends Error {}

async function watch(
  { warmupSeconds, seconds, target, ...setting }: MeasureOptions,
  pid: number,
  events: AsyncIterable<RunEvent>,
  folder: string,
): Promise<Measured> {
  let start: Extract<RunEvent, { event: 'start' }> | null = null;
  let since: Mark | null = null;
  let ran = 0; // milliseconds of the steps since the first, evaluation and saving left out
  let whole = 0; // seconds of whole epochs, all in
  let [ms, samples, steps] = [0, 0, 0];
  const mark = async (step: number): Promise<Mark> => ({
    traffic: setting.workers === null ? null : await traffic(folder),
    at: performance.now(),
    step,
    cpu: cpuTimes(pid),
  });
  let first = true;
  for await (const event of events) {
    if (event.event === 'start') start = event;
    if (event.event === 'problem' && event.fatal) throw new Ended(event.problem.got);
    if (event.event === 'done') throw new Ended(`the end of the run after ${event.steps} steps`);
    if (event.event === 'epoch') {
      whole += event.wall_s;
      const accuracy = event.metrics?.['accuracy'];
      if (target !== null && since && typeof accuracy === 'number' && accuracy >= target)
        return finish(since, await mark(steps), { epochs: event.epoch, seconds: whole });
    }
    if (event.event !== 'step') continue;
    if (!first) ran += event.ms; // the first waits for threads to start
    first = false;
    if (!since) {
      if (ran >= 1000 * warmupSeconds) since = await mark(event.step);
      continue;
    }
    ms += event.ms;
    samples += event.samples;
    steps++;
    if (target === null && ms >= 1000 * seconds && steps >= 3) return finish(since, await mark(event.step), null);
  }
  throw new Ended();

  function finish(from: Mark, to: Mark, toTarget: Measured['toTarget']): Measured {
    const budget = (processors(setting) * (to.at - from.at)) / 1000;
    const moved = from.traffic && to.traffic && to.traffic.step > from.traffic.step;
    return {
      samplesPerSecond: (1000 * samples) / ms,
      stepMs: ms / steps,
      steps,
      samples: start!.samples,
      parameters: start!.parameters,
      bytesPerStep: moved ? (to.traffic!.bytes - from.traffic!.bytes) / (to.traffic!.step - from.traffic!.step) : null,
      shares: from.cpu && to.cpu ? sharesOf(from.cpu, to.cpu, budget) : null,
      toTarget,
    };
  }
}

/** Servers and coordinator have no processors of their own here: where all are busy the sum is scaled to the whole. */
export function sharesOf(from: CpuTimes, to: CpuTimes, budget: number): Shares {
  const of = (key: keyof CpuTimes): number => Math.max(0, to[key] - from[key]);
  const busy = of('compute') + of('reduce') + of('wire');
  const whole = Math.max(budget, busy);
  return {
    compute: of('compute') / whole,
    reduce: of('reduce') / whole,
    wire: of('wire') / whole,
    wait: Math.max(0, 1 - busy / whole),
  };
}

/** A file of the run, whose folder is the only one there; null where it has not made that yet. */
function within(folder: string, name: string): string | null {
  const [run] = readdirSync(folder);
  return run === undefined ? null : `${folder}/${run}/${name}`;
}

/** What the workers' sockets have carried, as the coordinator was told within the last second; null where it does not answer. */
async function traffic(folder: string): Promise<Mark['traffic']> {
  try {
    const read = (name: string) => readFileSync(within(folder, name)!, 'utf8').trim();
    const status = await askStatus({ url: read(RUN.url), token: read(RUN.token) });
    const bytes = status.workers.reduce((sum, it) => sum + (it.bytes_in ?? 0) + (it.bytes_out ?? 0), 0);
    return { bytes, step: status.step };
  } catch {
    return null;
  }
}
