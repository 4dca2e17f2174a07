// chaos.ts: `shoal chaos`: a local run whose processes are killed at random, and its bytes beside those of an undisturbed one.
import { unleash } from '../../cluster/launchers/chaos.ts';
import type { Processes } from '../../cluster/launchers/run.ts';
import type { ComparedEvent, ProcessEvent, RunEvent } from '../../trainer/events.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { parseTime } from '../input/cluster-options.ts';
import { type TrainOptions, whatToTrain } from '../input/what-to-train.ts';
import { barView } from '../output/bar-view.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { plainView } from '../output/plain-view.ts';
import { jsonView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';
import { runHere } from './launched.ts';

export interface ChaosCommandOptions extends TrainOptions {
  readonly mtbf?: string;
  /** Of the kills. */
  readonly chaosSeed?: number;
}

/** Between checkpoints, where the job does not say. */
const STEPS = 50;
const HASHES = ['parameters_sha256', 'state_sha256', 'optimizer_sha256'] as const;

export async function chaosCommand(
  path: string | undefined,
  options: ChaosCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const mtbfMs = parseTime(options.mtbf ?? '5s');
  const wanted = await whatToTrain(path, options);
  const { start } = wanted;
  // a server's death costs the steps since the newest checkpoint; how often one is written changes no bit
  const { everySteps, keep } = wanted.job.checkpoint;
  const job = { ...wanted.job, checkpoint: { everySteps: everySteps ?? STEPS, keep } };
  const dataset = await openJobData(job);
  const view = options.json ? jsonView(screen) : screen.live ? barView(screen) : plainView(screen);
  const killed: ProcessEvent[] = [];
  let processes: Processes | null = null;
  let calm: (() => void) | null = null;
  const launched = {
    workers: 3,
    servers: 2,
    ...options,
    ...wanted,
    job,
    dataset,
    screen,
    view,
    onEvent(event: RunEvent) {
      if (event.event === 'step' && processes) calm ??= unleash(processes, { mtbfMs, seed: options.chaosSeed ?? 1 });
      if (event.event === 'killed') killed.push(event);
    },
  };
  const { done } = await runHere(launched, (started) => {
    processes = started;
  }).finally(() => calm?.());
  if (done.reason === 'interrupted') return EXIT.interrupted;
  if (!options.json) screen.err('The same in one process, undisturbed:');
  const alone = await runSession({ job, dataset, start, threads: options.threads ?? availableThreads() });
  const equal = HASHES.every((name) => done[name] === alone.done[name]);
  const { parameters_sha256, state_sha256, optimizer_sha256 } = alone.done;
  const event: ComparedEvent = { event: 'compared', equal, parameters_sha256, state_sha256, optimizer_sha256 };
  if (options.json) view.show(event);
  else {
    const list = killed.map(({ name, step }) => `  ${name} after step ${step}`);
    const verdict = equal ? 'The bytes agree' : 'THE BYTES DIFFER';
    screen.out([`killed ${killed.length} processes:`, ...list, `${verdict}: parameters, state, optimizer.`].join('\n'));
  }
  return equal ? EXIT.done : EXIT.failed;
}
