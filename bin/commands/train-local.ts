// train-local.ts: `shoal train --workers --servers`: the run in several processes on this machine. They: cluster/launchers/local.ts.
import { type Local, runLocal } from '../../cluster/launchers/local.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import type { Job } from '../../trainer/job.ts';
import type { Snapshot } from '../../trainer/local-store.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { createRun, type OpenedRun, writeJob } from '../../trainer/run-folder.ts';
import { keepStart } from '../input/keep-start.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { resultText, resumeText } from '../output/result-text.ts';
import type { RunView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';

export interface LocalRunOptions {
  readonly job: Job;
  readonly dataset: Dataset;
  readonly start: Snapshot | null;
  readonly run: OpenedRun | null;
  readonly view: RunView;
  readonly screen: Screen;
  readonly workers?: number;
  readonly servers?: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly onEvent?: (event: RunEvent) => void;
  readonly onStarted?: (processes: Local) => void;
}

export interface LocalResult {
  readonly done: DoneEvent;
  readonly path: string;
  readonly models: Readonly<Record<string, string>>;
}

/** Runs it and shows it. */
export async function runLocally(options: LocalRunOptions): Promise<LocalResult> {
  const { job, dataset, start, run, view, workers = 1, servers = 1, json = false } = options;
  const threads = options.threads ?? Math.max(1, Math.floor(availableThreads() / workers));
  const path = run?.path ?? (await createRun(options.out ?? 'runs', job));
  if (run) await writeJob(path, job);
  else if (start) await keepStart(path, job, dataset, start);
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
    const done = await runLocal({
      command: [process.execPath, ...process.execArgv, process.argv[1]!],
      run: path,
      workers,
      servers,
      threads,
      signal: controller.signal,
      onEvent(event) {
        if (event.event === 'model') models[event.path.split('/').at(-2)!] = event.path;
        view.show(event);
        options.onEvent?.(event);
      },
      ...(options.onStarted && { onStarted: options.onStarted }),
    });
    return { done, path, models };
  } finally {
    stopListening();
    view.close();
  }
}

export async function trainLocally(options: LocalRunOptions): Promise<ExitCode> {
  const { screen, json = false } = options;
  const { done, path, models } = await runLocally(options);
  const interrupted = done.reason === 'interrupted';
  if (interrupted) screen.err(resumeText(path));
  else if (!json) screen.out(resultText(done, path, models, screen.outColors));
  return interrupted ? EXIT.interrupted : EXIT.done;
}
