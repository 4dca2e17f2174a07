// what-to-train.ts: the job, and where training begins: a new run, or one to go on with. Not the training.
import { ShoalError } from '../../base/errors.ts';
import type { Dataset } from '../../datasets/reader.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { type OpenedRun, openRun, readRunJob } from '../../trainer/run-folder.ts';
import { applySettings } from '../../trainer/settings.ts';
import { type Snapshot, startingSnapshot } from '../../trainer/snapshot.ts';
import { usageError } from '../output/usage-error.ts';
import { type JobOptions, readJob, settingsOf } from './read-job.ts';

export interface TrainOptions extends JobOptions {
  readonly threads?: number;
  readonly resume?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  /** Processes on this machine, instead of this one alone. */
  readonly workers?: number;
  readonly servers?: number;
  /** What computes: a name of trainer/tfjs-executor.ts. */
  readonly executor?: string;
  /** The folder that runs are put in. */
  readonly out?: string;
}

export interface Wanted {
  readonly job: Job;
  /** Null to begin with the seed's values. */
  readonly start: Snapshot | null;
  /** The run to go on with; null for a new one. */
  readonly run: OpenedRun | null;
}

/** @throws SHOAL_USAGE, SHOAL_JOB, and what opening a run throws */
export async function whatToTrain(
  path: string | undefined,
  options: Omit<TrainOptions, 'workers' | 'servers'>,
): Promise<Wanted> {
  const { resume, out } = options;
  if (resume !== undefined && out !== undefined) {
    const hint = 'Leave out --out: the run goes on in its own folder.';
    throw usageError('train', '--out with --resume', 'one of the two', hint);
  }
  const given = path === undefined ? null : await readJob(path, options);
  if (resume === undefined) {
    if (!given) {
      const hint = 'For example: npx shoal train examples/digits.json';
      throw usageError('train', 'no job', 'the path of a job, or --resume with a run', hint);
    }
    const { job, weights } = given;
    const start = weights ? startingSnapshot(job, weights) : null;
    return { job, start, run: null };
  }
  const directory = resume.replace(/(?<=.)\/+$/, '');
  const own = await readRunJob(directory);
  const job = given?.job ?? parseJob(applySettings(own, settingsOf(options)), `${directory}/job.json`);
  const run = await openRun(directory, job);
  return { job, start: run.checkpoint?.snapshot ?? null, run };
}

/** A run goes on to where it was going, or farther. @throws SHOAL_RUN_JOB for fewer epochs than its newest checkpoint is behind */
export function checkEpochs({ job, run }: Wanted, { train }: Dataset): void {
  const perEpoch = Math.ceil(train.length / job.batch);
  const steps = run?.checkpoint?.manifest.step ?? 0;
  if (steps <= perEpoch * job.epochs) return;
  throw new ShoalError({
    code: 'SHOAL_RUN_JOB',
    operation: `go on with the run ${run!.path}`,
    got: `${job.epochs} epochs`,
    expected: `at least the ${Math.ceil(steps / perEpoch)} that it has begun`,
    hint: 'Give more --epochs, or start a new run.',
  });
}
