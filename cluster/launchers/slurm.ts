// slurm.ts: the launcher of a Slurm cluster: submits the script of a run (slurm-script.ts), and follows it by the events in its folder, which
// submitting machine and nodes share. It starts no process of the run itself.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ShoalError } from '../../base/errors.ts';
import type { DoneEvent } from '../../trainer/events.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { followLog } from '../follow-log.ts';
import type { Engine, LaunchOptions } from './engine.ts';
import { tokenOf } from './local.ts';
import { slurmScript } from './slurm-script.ts';

export interface SlurmOptions extends LaunchOptions {
  /** Of the job. */
  readonly name: string;
  /** Seconds. Default 120. */
  readonly grace?: number;
  /** More lines of #SBATCH. */
  readonly more?: readonly string[];
  readonly insecure?: boolean;
  /** Its number, once it is submitted. */
  readonly onSubmitted?: (job: string) => void;
}

const LOOK_MS = 300;
/** The scheduler is asked less often than the file is looked at. */
const ASK_EVERY = 7;
const CLEAR_MS = 5000;
const call = promisify(execFile);

export function scriptOf(options: SlurmOptions): string {
  return slurmScript({
    name: options.name,
    command: options.command,
    cwd: process.cwd(),
    run: options.run,
    workers: options.workers,
    servers: options.servers,
    threads: options.threads,
    ...(options.executor !== undefined && { executor: options.executor }),
    grace: options.grace ?? 120,
    more: options.more ?? [],
    insecure: options.insecure ?? false,
  });
}

/** @returns the job's number @throws SHOAL_LAUNCH_SLURM */
export async function submit(options: SlurmOptions): Promise<string> {
  const { run } = options;
  writeFileSync(`${run}/${RUN.token}`, `${tokenOf(run)}\n`, { mode: 0o600 }); // where the nodes will read it
  const file = `${run}/slurm.sh`;
  writeFileSync(file, scriptOf(options));
  const text = await tool('sbatch', ['--parsable', file], 'submit the job');
  return text.trim().split(';')[0]!;
}

export const slurm: Engine<SlurmOptions> = {
  name: 'slurm',
  what: 'a job of a Slurm cluster',
  async launch(options) {
    const { run, signal } = options;
    // of a run that is resumed: what came before was told then
    const events = followLog(() => `${run}/${RUN.events}`, 'now');
    const job = await submit(options);
    options.onSubmitted?.(job);
    let asked = false;
    for (let turn = 1; ; turn++) {
      if (signal?.aborted && !asked) {
        asked = true;
        await end(job);
      }
      const gone = turn % ASK_EVERY === 0 && !(await isQueued(job));
      let done: DoneEvent | null = null;
      let fatal: ShoalError | null = null;
      for (const event of events.read()) {
        options.onEvent(event);
        if (event.event === 'done') done = event;
        if (event.event === 'problem' && event.fatal) fatal = new ShoalError(event.problem);
      }
      // interrupted by Slurm it is queued again, and goes on
      if (done && (done.reason === 'done' || asked)) {
        await clear(job, CLEAR_MS);
        return done;
      }
      if (fatal) {
        await clear(job, 0);
        throw fatal;
      }
      if (gone) throw await vanished(job, run);
      await wait(LOOK_MS);
    }
  },
};

/** Asks the ranks to end well; a job that is not running yet is taken out of the queue. */
async function end(job: string): Promise<void> {
  const state = (await tool('squeue', ['-h', '-j', job, '-o', '%T'], 'ask for the job').catch(() => '')).trim();
  await tool('scancel', state === 'RUNNING' ? ['--signal=TERM', `${job}.0`] : [job], 'end the job').catch(() => '');
}

/** The run is over: its job ends by itself, unless a rank waits for a coordinator that will not come. */
async function clear(job: string, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  while (await isQueued(job)) {
    if (performance.now() >= until) {
      await tool('scancel', [job], 'end the job').catch(() => '');
      return;
    }
    await wait(LOOK_MS);
  }
}

async function isQueued(job: string): Promise<boolean> {
  try {
    return (await tool('squeue', ['-h', '-j', job, '-o', '%T'], 'ask for the job')).trim() !== '';
  } catch (error) {
    // an old number is unknown to it; a scheduler that is away for a moment says something else
    return !/Invalid job id/.test((error as ShoalError).got);
  }
}

/** Calls one of Slurm's programs. @throws SHOAL_LAUNCH_SLURM with what it said */
export async function tool(name: string, args: readonly string[], operation: string): Promise<string> {
  try {
    return (await call(name, [...args])).stdout;
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    const missing = code === 'ENOENT';
    throw new ShoalError({
      code: 'SHOAL_LAUNCH_SLURM',
      operation,
      got: missing ? `no ${name} here` : (stderr ?? String(error)).trim(),
      expected: 'a machine that can submit to Slurm',
      hint: missing ? 'Log in to the cluster first; --print shows the script.' : 'docs/launch-slurm.md.',
    });
  }
}

async function vanished(job: string, run: string): Promise<ShoalError> {
  const state = await tool('scontrol', ['-o', 'show', 'job', job], 'ask for the job').catch(() => '');
  let output = '';
  try {
    output = readFileSync(`${run}/slurm-${job}.out`, 'utf8').trim().split('\n').slice(-15).join('\n');
  } catch {
    // it never began
  }
  const said = /JobState=(\S+)/.exec(state)?.[1] ?? 'gone';
  return new ShoalError({
    code: 'SHOAL_LAUNCH_ENDED',
    operation: `follow the job ${job}`,
    got: `its end (${said})${output === '' ? '' : `:\n${output}`}`,
    expected: 'a job that stays until the run is done',
    hint: `Go on with it: shoal launch --engine slurm --resume ${run}.`,
  });
}
