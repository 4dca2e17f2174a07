// rank.ts: `shoal worker` as one of many that srun, mpirun or another launcher started: it finds its place, and leads or computes by its rank.
// With a job, rank 0 leads; without one, all ranks compute for a coordinator at MASTER_ADDR. The ranks: cluster/launchers/rank.ts.
import { follow, lead } from '../../cluster/launchers/rank.ts';
import { findToken } from '../../cluster/token.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { openJobData } from '../../trainer/session.ts';
import { checkWorkers } from '../input/executor.ts';
import { placement } from '../input/placement.ts';
import { type TrainOptions, whatToTrain } from '../input/what-to-train.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { plainView } from '../output/plain-view.ts';
import { jsonView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';
import { usageError } from '../output/usage-error.ts';
import { ownCommand, runFolderOf, tellResult } from './launched.ts';

export interface RankCommandOptions extends TrainOptions {
  readonly ca?: string;
  readonly insecure?: boolean;
}

export async function rankCommand(
  path: string | undefined,
  options: RankCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const place = placement();
  const { resume } = options;
  const token = findToken({ environment: process.env, file: resume && `${resume}/${RUN.token}` });
  if (token === null)
    throw usageError(
      'start a rank of a run',
      'no SHOAL_TOKEN',
      'the same secret in the environment of every rank',
      'For example: export SHOAL_TOKEN=$(openssl rand -hex 32) before the launcher; mpirun passes it on with -x SHOAL_TOKEN.',
    );
  const controller = new AbortController();
  const stop = onInterrupt(
    () => controller.abort(),
    () => process.exit(EXIT.interrupted),
  );
  const how = {
    placement: place,
    command: ownCommand(),
    token,
    signal: controller.signal,
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.executor !== undefined && { executor: options.executor }),
    ...(options.insecure && { insecure: true }),
    onSaid: (_: string, name: string, text: string) => screen.err(`${name}: ${text}`),
  };
  try {
    if (place.rank > 0) {
      await follow({ ...how, ca: options.ca ?? (resume ? `${resume}/tls/cert.pem` : null) });
      return controller.signal.aborted ? EXIT.interrupted : EXIT.done;
    }
    const wanted = await whatToTrain(path, options);
    await checkWorkers('worker', options.executor, wanted.job);
    const view = options.json ? jsonView(screen) : plainView(screen);
    const launched = { ...options, ...wanted, dataset: await openJobData(wanted.job), view, screen };
    const run = await runFolderOf(launched);
    if (!options.json) view.say(`${run}: rank 0 of ${place.world}, found by ${place.source}`);
    const models: Record<string, string> = {};
    const done = await lead({
      ...how,
      run,
      servers: options.servers ?? 1,
      onEvent(event: RunEvent) {
        if (event.event === 'model') models[event.path.split('/').at(-2)!] = event.path;
        view.show(event);
      },
      onDeposed() {
        view.say(`${run} is led by another process that was started later: this one ends.`);
        process.exit(EXIT.failed);
      },
    });
    view.close();
    return tellResult({ done, path: run, models }, launched);
  } finally {
    stop();
  }
}
