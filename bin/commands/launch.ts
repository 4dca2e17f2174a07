// launch.ts: `shoal launch`: a job in processes that an engine starts. What each engine does: cluster/launchers/.
import { prepare } from '../../trainer/prepare.ts';
import { openJobData } from '../../trainer/session.ts';
import { checkWorkers, executorOf } from '../input/executor.ts';
import { nobodyLeads } from '../input/nobody-leads.ts';
import { type TrainOptions, whatToTrain } from '../input/what-to-train.ts';
import { barView } from '../output/bar-view.ts';
import type { ExitCode } from '../output/exit-codes.ts';
import { plainView } from '../output/plain-view.ts';
import { jsonView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';
import { usageError } from '../output/usage-error.ts';
import { launchKubernetes } from './launch-kubernetes.ts';
import { launchPrep } from './launch-prep.ts';
import { launchSlurm } from './launch-slurm.ts';
import { launchSsh } from './launch-ssh.ts';
import type { LaunchedOptions } from './launched.ts';
import { runHere, tellResult } from './launched.ts';

export interface LaunchCommandOptions extends TrainOptions {
  readonly engine: string;
  /** What is behind it is for `shoal data prep`. */
  readonly prep?: boolean;
  readonly hostfile?: string;
  readonly ssh?: string;
  readonly remote?: string;
  readonly address?: string;
  readonly insecure?: boolean;
  /** Show what would be submitted. */
  readonly print?: boolean;
  /** Follow what was submitted to its end. */
  readonly wait?: boolean;
  readonly grace?: number;
  readonly sbatch?: readonly string[];
  /** Kubernetes. */
  readonly image?: string;
  readonly namespace?: string;
  readonly memory?: string;
  readonly storage?: string;
  readonly gpus?: number;
  readonly indexedJob?: boolean;
}

export type Launching = LaunchedOptions & LaunchCommandOptions;

/** By engine: runs the job, or submits it, and tells what came of it. */
const LAUNCH: Readonly<Record<string, (options: Launching) => Promise<ExitCode>>> = {
  async local(options) {
    await executorOf(options.executor); // it must be installed here
    return tellResult(await runHere(options), options);
  },
  ssh: launchSsh,
  slurm: launchSlurm,
  kubernetes: launchKubernetes,
};

export async function launchCommand(
  words: readonly string[],
  options: LaunchCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const launch = LAUNCH[options.engine];
  if (!launch)
    throw usageError(
      'launch',
      `the engine ${options.engine}`,
      `one of ${Object.keys(LAUNCH).join(', ')}`,
      'docs/launch.md describes each.',
    );
  if (options.prep) return launchPrep(words, options, screen);
  const [path, more] = words;
  if (more !== undefined) throw usageError('launch', `${words.length} jobs`, 'one', 'Only --prep takes more words.');
  // others run elsewhere, later: there, who comes last leads
  if (options.engine === 'local' || options.engine === 'ssh') await nobodyLeads(options.resume, options.insecure);
  const wanted = await whatToTrain(path, options);
  await checkWorkers('launch', options.executor, wanted.job);
  const dataset = await openJobData(wanted.job);
  prepare(wanted.job, dataset, { threads: options.threads ?? 1 }); // refuses what cannot be run, before anything is written
  const view = options.json ? jsonView(screen) : screen.live ? barView(screen) : plainView(screen);
  return launch({ ...options, ...wanted, dataset, screen, view });
}
