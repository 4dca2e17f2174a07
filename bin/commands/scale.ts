// scale.ts: `shoal scale`: how a job scales on this machine: runs, a table, a page. The experiment: cluster/scale/.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  createExperiment,
  openExperiment,
  type Plan,
  type Result,
  runExperiment,
} from '../../cluster/scale/experiment.ts';
import { AXES, type Grid, keyOf, parseCounts, settingsOf } from '../../cluster/scale/grid.ts';
import { scaleReport } from '../../cluster/scale/report.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { openJobData } from '../../trainer/session.ts';
import { settingsOf as changesOf, type JobOptions, readJob } from '../input/read-job.ts';
import { untilInterrupted } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count } from '../output/format.ts';
import { scalePage } from '../output/scale-page.ts';
import { scaleText } from '../output/scale-text.ts';
import type { Screen } from '../output/screen.ts';
import { typed, usageError } from '../output/usage-error.ts';
import { ownCommand } from './launched.ts';

export interface ScaleCommandOptions extends JobOptions {
  readonly threads?: string;
  readonly workers?: string;
  readonly servers?: string;
  readonly codec?: string;
  readonly repeat?: number;
  readonly strong?: boolean;
  readonly weak?: boolean;
  readonly seconds?: number;
  readonly warmup?: number;
  /** Held-out accuracy to train to. */
  readonly target?: number;
  readonly price?: number;
  readonly resume?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function scaleCommand(
  path: string | undefined,
  options: ScaleCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const { json = false } = options;
  const plan = options.resume === undefined ? await planOf(path, options) : openExperiment(options.resume).plan;
  const folder = options.resume ?? createExperiment(options.out ?? 'runs', plan);
  if (!json) screen.err(`${folder}: ${settingsOf(plan.grid).length} settings, ${plan.grid.repeat} rounds`);
  const kept = `What was measured is kept.\nGo on with:  npx shoal scale --resume ${typed(folder)}`;
  return untilInterrupted(kept, screen, async (signal) => {
    const results = await runExperiment({
      folder,
      plan,
      command: ownCommand(),
      signal,
      onResult(result: Result, done, all) {
        if (json) screen.out(JSON.stringify({ event: 'run', ...result }));
        else screen.err(`${done}/${all}  ${keyOf(result)}  ${count(result.samplesPerSecond)} samples/s`);
      },
    });
    const report = scaleReport(plan, results);
    const page = `${folder}/report.html`;
    writeFileSync(page, scalePage(report));
    if (json) screen.out(JSON.stringify(report));
    else screen.out(`${scaleText(report)}\n\npage  ${page}`);
    return EXIT.done;
  });
}

async function planOf(path: string | undefined, options: ScaleCommandOptions): Promise<Plan> {
  if (path === undefined)
    throw usageError(
      'scale',
      'no job',
      'the path of a job, or --resume with an experiment',
      'For example: npx shoal scale examples/digits.json --threads 1,2',
    );
  if (options.strong && options.weak)
    throw usageError(
      'scale',
      '--strong and --weak',
      'one of the two',
      'Strong: the same batch for all. Weak: the same for each.',
    );
  if (options.target !== undefined && options.target > 1)
    throw usageError('scale', `--target ${options.target}`, 'an accuracy, at most 1', 'For example --target 0.95.');
  const { job } = await readJob(path, options);
  const codec = options.codec?.split(',') ?? [];
  for (const one of codec) await readJob(path, { ...options, set: [...(options.set ?? []), `codec=${one}`] }); // refuses those that are none
  prepare(job, await openJobData(job), { threads: 1 }); // refuses what cannot be run
  const cores = availableThreads();
  const counts = (axis: 'threads' | 'workers' | 'servers', otherwise: readonly number[]): readonly number[] =>
    options[axis] === undefined ? otherwise : parseCounts(options[axis], axis);
  const workers = counts('workers', options.servers === undefined && options.codec === undefined ? [] : [1]);
  const grid: Grid = {
    threads: counts('threads', workers.length > 0 ? [1] : powersUpTo(cores)),
    workers,
    servers: counts('servers', []),
    codec,
    kind: options.weak ? 'weak' : 'strong',
    repeat: options.repeat ?? 3,
  };
  if (AXES.every((axis) => grid[axis].length <= 1) && grid.threads.length === 0)
    throw usageError('scale', 'nothing to vary', 'several values of an option', 'For example --threads 1,2,4.');
  return {
    name: job.name,
    job: [resolve(path), ...changesOf(options).flatMap((change) => ['--set', change])],
    grid,
    batch: job.batch,
    microShards: job.microShards,
    seconds: options.seconds ?? 4,
    warmupSeconds: options.warmup ?? 1,
    target: options.target ?? null,
    price: options.price ?? null,
    cores,
  };
}

function powersUpTo(cores: number): readonly number[] {
  const powers: number[] = [];
  for (let n = 1; n < cores; n *= 2) powers.push(n);
  return [...powers, cores];
}
