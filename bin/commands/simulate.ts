// simulate.ts: `shoal simulate`: a job on a cluster that is not there. The simulation: cluster/simulate/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { tooManyServers } from '../../cluster/coordinator-problems.ts';
import { flatRanges } from '../../cluster/flat-ranges.ts';
import { measureRun } from '../../cluster/scale/measure.ts';
import { modelled } from '../../cluster/simulate/machines.ts';
import { parseRate } from '../../cluster/simulate/network.ts';
import { simulateJob } from '../../cluster/simulate/report.ts';
import { createVotes } from '../../cluster/votes.ts';
import { lengthOf, movingOf, parametersOf } from '../../trainer/contribution.ts';
import { slotsOf } from '../../trainer/optimizers/kind.ts';
import { finalShares } from '../../trainer/plan-finals.ts';
import { prepare } from '../../trainer/prepare.ts';
import { mostRanges } from '../../trainer/ranges.ts';
import { openJobData, scheduleOf } from '../../trainer/session.ts';
import { scalarsOf } from '../../trainer/step-scalars.ts';
import { parseTime } from '../input/cluster-options.ts';
import { type JobOptions, readJob, settingsOf } from '../input/read-job.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import type { Screen } from '../output/screen.ts';
import { pace, simulatePage, simulateText, workersText } from '../output/simulate-text.ts';
import { usageError } from '../output/usage-error.ts';
import { ownCommand } from './launched.ts';

export interface SimulateCommandOptions extends JobOptions {
  readonly workers: number;
  readonly servers?: number;
  readonly link?: string;
  readonly latency?: string;
  readonly mtbf?: string;
  readonly restart?: string;
  readonly steps?: number;
  readonly leafMs?: number;
  readonly gflops?: number;
  readonly measure?: boolean;
  readonly worldSeed?: number;
  readonly json?: boolean;
  readonly out?: string;
}

/** Of one worker, where nothing is given or measured: one core at half of its peak. */
const GFLOPS = 40;
/** Adding and updating at the speed of memory: ms for a float of a node. */
const ADD_MS = 5e-7;
const MOST_WORKERS = 10_000;

export async function simulateCommand(
  path: string,
  options: SimulateCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const { workers, servers = 1, json = false } = options;
  if (workers > MOST_WORKERS)
    throw usageError('simulate', `${workers} workers`, `at most ${MOST_WORKERS}`, 'Give fewer.');
  const rate = parseRate(options.link ?? '1Gbit');
  if (rate === null)
    throw usageError(
      'read --link',
      options.link!,
      'a rate as 100Mbit, 10Gbit or 1GB (of a second)',
      'For example --link 100Mbit.',
    );
  const { job } = await readJob(path, options);
  const dataset = await openJobData(job);
  const prepared = prepare(job, dataset, { threads: 1, level: 0 });
  const { segments, optimizer, optimizerConfig, program } = prepared;
  if (servers > mostRanges(segments)) throw tooManyServers(servers, mostRanges(segments));
  const rows = job.batch / job.microShards;
  const leafMs = options.measure
    ? await measured(path, options, job.microShards)
    : (options.leafMs ?? (program.plans.train.flops * rows) / ((options.gflops ?? GFLOPS) * 1e6));
  const schedule = {
    ...scheduleOf(job, dataset, prepared, 0, false),
    depth: 1,
    epochs: 1_000_000,
    saveEvery: job.checkpoint.everySteps,
  };
  const report = simulateJob({
    name: job.name,
    parameters: lengthOf(parametersOf(segments)),
    vectors: 1 + slotsOf(optimizer, optimizerConfig).length,
    job: {
      schedule,
      job: {},
      jobHash: 'simulated',
      seed: job.seed,
      ...modelled,
      ranges: flatRanges(movingOf(segments), servers),
      scalars: (step) => scalarsOf(optimizer, optimizerConfig, schedule, step),
      votes: { rounds: createVotes(segments, optimizer, optimizerConfig, []).rounds, join: () => [] }, // nobody measures anything
      draws: () => '',
      leaseFloorMs: Math.max(5000, 4 * leafMs),
      bugs: new Set(),
    },
    workers,
    link: { rate, latencyMs: parseTime(options.latency ?? '0.1ms') },
    times: {
      leafMs,
      early: finalShares(program.plans.train.finals, program.plans.train.calls),
      spread: 0.1,
      addMs: ADD_MS,
      restartMs: parseTime(options.restart ?? '10s'),
      mtbfMs: options.mtbf === undefined ? Number.POSITIVE_INFINITY : parseTime(options.mtbf),
    },
    seed: options.worldSeed ?? 1,
    steps: options.steps ?? 24,
    onPoint(point) {
      if (json) screen.out(JSON.stringify({ event: 'point', ...point }));
      else screen.err(`${workersText(point.workers)}: ${pace(point)} samples/s`);
    },
  });
  const parent = options.out ?? 'runs';
  mkdirSync(parent, { recursive: true });
  const page = `${parent}/simulate-${job.name}.html`;
  writeFileSync(page, simulatePage(report));
  screen.out(json ? JSON.stringify(report) : `${simulateText(report)}\n\npage  ${page}`);
  return EXIT.done;
}

/** A micro-shard on one thread of this machine, by training for a moment. */
async function measured(path: string, options: JobOptions, microShards: number): Promise<number> {
  const { stepMs } = await measureRun({
    command: ownCommand(),
    job: [resolve(path), ...settingsOf(options).flatMap((change) => ['--set', change]), '--epochs', '100000'],
    threads: 1,
    workers: null,
    servers: null,
    codec: null,
    warmupSeconds: 0.5,
    seconds: 2,
    target: null,
  });
  return stepMs / microShards;
}
