// launched.ts: a run in several processes that a launcher starts, shown here: for `shoal launch`, `train --workers --servers` and `chaos`. The
// launchers: cluster/launchers/.
import type { Allowed, LaunchOptions } from '../../cluster/launchers/engine.ts';
import { local } from '../../cluster/launchers/local.ts';
import type { Processes } from '../../cluster/launchers/run.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import type { Job } from '../../trainer/job.ts';
import { createRun, hasCheckpoint, type OpenedRun, writeJob } from '../../trainer/run-folder.ts';
import type { Snapshot } from '../../trainer/snapshot.ts';
import { keepStart } from '../input/keep-start.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { resultText, resumeText } from '../output/result-text.ts';
import type { RunView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';
import { tokenText } from '../output/token-text.ts';

export interface LaunchedOptions {
  readonly job: Job;
  readonly dataset: Dataset;
  readonly start: Snapshot | null;
  readonly run: OpenedRun | null;
  readonly view: RunView;
  readonly screen: Screen;
  readonly workers?: number;
  /** Who else may join, and fewer than how many wait. */
  readonly allowed?: Allowed;
  readonly servers?: number;
  readonly threads?: number;
  /** Of all workers. */
  readonly executor?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface LaunchedResult {
  readonly done: DoneEvent;
  readonly path: string;
  readonly models: Readonly<Record<string, string>>;
}

/** What starts `shoal` on this machine, as this process was started. */
export const ownCommand = (): readonly string[] => [process.execPath, ...process.execArgv, process.argv[1]!];

/** The run's folder: a new one, or the one to go on with; with its job, and its first values where they come from a file. */
export async function runFolderOf({ job, dataset, start, run, out }: LaunchedOptions): Promise<string> {
  const path = run?.path ?? (await createRun(out ?? 'runs', job, undefined, start !== null));
  if (run) await writeJob(path, job);
  else if (start) await keepStart(path, job, dataset, start);
  return path;
}

/** Runs it and shows it. */
export async function runLaunched(
  options: LaunchedOptions,
  launch: (options: LaunchOptions) => Promise<DoneEvent>,
): Promise<LaunchedResult> {
  const { run, view, workers = 1, allowed, servers = 1, threads = null, executor, json = false } = options;
  const path = await runFolderOf(options);
  const models: Record<string, string> = {};
  const controller = new AbortController();
  const stopListening = onInterrupt(
    () => {
      view.say('\nInterrupted: finishing the step, then writing a checkpoint. Ctrl-C again quits at once.');
      controller.abort();
    },
    () => {
      view.close();
      process.exit(EXIT.interrupted); // the processes end with this one
    },
  );
  try {
    if (!json) view.say(run ? `${path}, resumed` : path);
    const done = await launch({
      command: ownCommand(),
      run: path,
      workers,
      ...(allowed && { allowed }),
      servers,
      threads,
      ...(executor !== undefined && { executor }),
      signal: controller.signal,
      onEvent(event) {
        if (event.event === 'model') models[event.path.split('/').at(-2)!] = event.path;
        view.show(event);
        options.onEvent?.(event);
      },
      onListening(url) {
        const more = (allowed?.max ?? workers) - workers;
        if (more > 0)
          view.say(`${more} more workers may join with ${tokenText(path)} and\n  npx shoal worker --connect ${url}`);
      },
      onSaid: (place, name, text) => view.say(`${place === 'here' ? '' : `${place} `}${name}: ${text}`),
    });
    return { done, path, models };
  } finally {
    stopListening();
    view.close();
  }
}

/** What a run came to, and the exit code. */
export async function tellResult(
  { done, path, models }: LaunchedResult,
  { job, screen, executor, json = false }: LaunchedOptions,
): Promise<ExitCode> {
  const interrupted = done.reason === 'interrupted';
  if (interrupted) screen.err(resumeText(path, await hasCheckpoint(path), executor));
  else if (!json) screen.out(resultText(done, job, path, models, screen.outColors));
  return interrupted ? EXIT.interrupted : EXIT.done;
}

/** All processes on this machine. */
export const runHere = (
  options: LaunchedOptions,
  onStarted?: (processes: Processes) => void,
): Promise<LaunchedResult> =>
  // what its processes say is in the errors that they end with
  runLaunched(options, ({ onSaid: _, ...how }) => local.launch({ ...how, ...(onStarted && { onStarted }) }));
