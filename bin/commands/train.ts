// train.ts: `shoal train`: a job from its file to a run's folder, shown on the way. Training itself is trainer/session.ts.
import { toWire } from '../../base/errors.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { OtherExecutor } from '../../trainer/engine.ts';
import type { DataEvent, RunEvent } from '../../trainer/events.ts';
import type { Job } from '../../trainer/job.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { createRun, hasCheckpoint, type OpenedRun, writeJob } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { openJobData, runSession, type SessionOptions } from '../../trainer/session.ts';
import type { Snapshot } from '../../trainer/snapshot.ts';
import { parseWorkers } from '../input/cluster-options.ts';
import { checkWorkers, executorOf } from '../input/executor.ts';
import { holdRun } from '../input/hold-run.ts';
import { checkEpochs, type TrainOptions, whatToTrain } from '../input/what-to-train.ts';
import { onInterrupt } from '../interrupt.ts';
import { barView } from '../output/bar-view.ts';
import { waitedText } from '../output/data-text.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { plainView } from '../output/plain-view.ts';
import { layersText, memoryText } from '../output/plan-text.ts';
import { resultText, resumeText } from '../output/result-text.ts';
import { jsonView, type RunView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';
import { usageError } from '../output/usage-error.ts';
import { version } from '../version.ts';

const RUNS = 'runs';

export interface TrainCommandOptions extends Omit<TrainOptions, 'workers'> {
  /** "3", or "2:8": the least, which are started here, and the most, who may join. */
  readonly workers?: string;
  readonly dataThreads?: number;
}

export async function trainCommand(
  path: string | undefined,
  options: TrainCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const range = options.workers === undefined ? null : parseWorkers(options.workers);
  if (options.resume !== undefined && !options.dryRun) {
    const { nobodyLeads } = await import('../input/nobody-leads.ts');
    await nobodyLeads(options.resume);
  }
  const wanted = await whatToTrain(path, options);
  const { job, start, run } = wanted;
  const dataset = await openJobData(job);
  checkEpochs(wanted, dataset);
  const threads = options.threads ?? availableThreads();
  const executor = (await executorOf(options.executor))?.of(job);
  const prepared = prepare(job, dataset, { threads, local: !executor }); // refuses what cannot be run, before anything is written
  const view = options.json ? jsonView(screen) : screen.live ? barView(screen) : plainView(screen);
  if (range || options.servers !== undefined) {
    await checkWorkers('train', options.executor, job);
    const alone = options.dryRun ? '--dry-run' : options.dataThreads === undefined ? null : '--data-threads';
    if (alone)
      throw usageError(
        'train',
        `${alone} with several processes`,
        'one of the two',
        'Leave out --workers and --servers.',
      );
    const { runHere, tellResult } = await import('./launched.ts');
    const { workers: _, ...others } = options;
    const many = range && { workers: range.min, ...(range.max > range.min && { allowed: range }) };
    const launched = { ...others, ...many, ...wanted, dataset, screen, view };
    return tellResult(await runHere(launched), launched);
  }
  const { dataThreads = 1, json = false } = options;
  const work: Work = { job, dataset, threads, dataThreads, start, screen, view, json, ...(executor && { executor }) };
  if (!options.dryRun) return trainRun(work, run, options);
  if (!options.json) screen.out(`${layersText(job)}\n\n${memoryText(job, prepared)}\n`);
  return dryRun(work);
}

interface Work {
  readonly job: Job;
  readonly dataset: Dataset;
  readonly threads: number;
  readonly dataThreads: number;
  readonly start: Snapshot | null;
  readonly screen: Screen;
  readonly view: RunView;
  readonly json: boolean;
  readonly executor?: OtherExecutor;
}

/** Runs the session until it is done, or asked to end well; a second Ctrl-C ends the process. */
async function interruptible(work: Work, note: string, more: (signal: AbortSignal) => Partial<SessionOptions>) {
  const { job, dataset, threads, dataThreads, start, view, executor } = work;
  const other = executor ? { executor } : {};
  const controller = new AbortController();
  const stopListening = onInterrupt(
    () => {
      view.say(`\nInterrupted: ${note} Ctrl-C again quits at once.`);
      controller.abort();
    },
    () => {
      view.close();
      process.exit(EXIT.interrupted);
    },
  );
  try {
    const { signal } = controller;
    return await runSession({ job, dataset, threads, dataThreads, start, signal, ...other, ...more(signal) });
  } finally {
    stopListening();
    view.close();
  }
}

async function trainRun(work: Work, run: OpenedRun | null, { out = RUNS, executor }: TrainCommandOptions) {
  const { job, start } = work;
  const path = run?.path ?? (await createRun(out, job, undefined, start !== null));
  const release = await holdRun(path);
  try {
    if (run) await writeJob(path, job);
    return await recorded(work, run, path, executor);
  } finally {
    release();
  }
}

async function recorded(work: Work, run: OpenedRun | null, path: string, executor?: string): Promise<ExitCode> {
  const { job, dataset, start, screen, view, json } = work;
  let failureTold = false;
  const models: Record<string, string> = {};
  const fed: DataEvent[] = [];
  const emit = (event: RunEvent): void => {
    if (event.event === 'model') models[event.path.split('/').at(-2)!] = event.path;
    if (event.event === 'data') fed.push(event);
    if (event.event === 'problem' && event.fatal) failureTold = true;
    recorder.note(event);
    view.show(event);
  };
  const recorder = await recordRun({
    path,
    job,
    tool: `shoal ${version}`,
    data: { train: dataset.train.hash, test: dataset.test.hash },
    fields: dataset.train.fields,
    from: run?.checkpoint ?? null,
    emit,
  });
  try {
    if (!json) view.say(run ? `${path}, resumed` : path);
    for (const problem of run?.problems ?? []) emit({ event: 'problem', problem, fatal: false });
    // weights from a file are nowhere else: a run that dies before its first checkpoint could not be resumed
    if (!run && start) await recorder.save(start, { epoch: 0, epochEnd: false, metrics: null });
    const { done } = await interruptible(work, 'finishing the step, then writing a checkpoint.', (signal) => ({
      onEvent: emit,
      onSave: (snapshot, info) => recorder.save(snapshot, { ...info, final: signal.aborted }),
    }));
    const interrupted = done.reason === 'interrupted';
    if (interrupted) screen.err(resumeText(path, await hasCheckpoint(path), executor));
    else if (!json) screen.out(resultText(done, job, path, models, screen.outColors, waitedText(fed)));
    return interrupted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    if (!failureTold) emit({ event: 'problem', problem: toWire(error), fatal: true });
    throw error;
  } finally {
    await recorder.close();
  }
}

async function dryRun(work: Work): Promise<ExitCode> {
  const { screen, view, json } = work;
  const { done } = await interruptible(work, 'finishing.', () => ({
    dryRun: true,
    onEvent: (event) => view.show(event),
  }));
  if (!json) screen.out('A few batches of everything went through; nothing was saved.');
  return done.reason === 'interrupted' ? EXIT.interrupted : EXIT.done;
}
