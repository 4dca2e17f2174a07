// coordinator.ts: `shoal coordinator`: leads a run of servers and workers on any machines. The run itself: cluster/coordinator-process.ts.

import { toWire } from '../../base/errors.ts';
import { keepIdentity } from '../../cluster/certificate.ts';
import { runCoordinator } from '../../cluster/coordinator-process.ts';
import { findToken, keepToken } from '../../cluster/token.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { createRun, hasCheckpoint, RUN, writeJob } from '../../trainer/run-folder.ts';
import { openJobData } from '../../trainer/session.ts';
import { parseAddress, parseWorkers, readListenTls, type TlsOptions } from '../input/cluster-options.ts';
import { holdRun } from '../input/hold-run.ts';
import { keepStart } from '../input/keep-start.ts';
import { nobodyLeads } from '../input/nobody-leads.ts';
import { checkEpochs, type TrainOptions, type Wanted, whatToTrain } from '../input/what-to-train.ts';
import { onInterrupt } from '../interrupt.ts';
import { barView } from '../output/bar-view.ts';
import { warningText } from '../output/errors.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { createFlood } from '../output/flood.ts';
import { openLog, type RunLog } from '../output/log.ts';
import { plainView } from '../output/plain-view.ts';
import { resultText, resumeText } from '../output/result-text.ts';
import { jsonView, noView, type RunView } from '../output/run-view.ts';
import type { Screen } from '../output/screen.ts';
import { tokenText } from '../output/token-text.ts';
import { endWithParent } from '../parent.ts';
import { version } from '../version.ts';

export interface CoordinatorCommandOptions extends Omit<TrainOptions, 'workers' | 'servers'>, TlsOptions {
  readonly listen?: string;
  readonly workers?: string;
  readonly startWith?: number;
  readonly servers?: number;
  /** Host names and addresses, with commas: makes a certificate for them, kept in the run's folder. */
  readonly tls?: string;
  /** Beyond loopback without TLS. */
  readonly insecure?: boolean;
  /** A file, or - for stderr: what happens, as lines of JSON. */
  readonly log?: string;
}

/** A launcher that lost a host starts another coordinator there before the agent has ended the one that was. */
const BEFORE_MS = 60_000;

export async function coordinatorCommand(
  path: string | undefined,
  options: CoordinatorCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  endWithParent();
  const workers = parseWorkers(options.workers ?? '1:1024');
  const { host, port } = parseAddress(options.listen ?? '127.0.0.1:0');
  if (!process.send) await nobodyLeads(options.resume, options.insecure); // else whoever started it has asked
  const wanted = await whatToTrain(path, options);
  const { job, start, run } = wanted;
  const dataset = await openJobData(job);
  checkEpochs(wanted, dataset);
  const log = await openLog(options.log, { role: 'coordinator', job: job.name });
  const folder = run?.path ?? (await createRun(options.out ?? 'runs', job, undefined, start !== null));
  const release = await holdRun(folder, process.send && BEFORE_MS);
  try {
    return await lead({ ...wanted, dataset, log, folder, host, port, workers }, options, screen);
  } finally {
    release();
  }
}

interface Leading extends Wanted {
  readonly dataset: Dataset;
  readonly log: RunLog;
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly workers: ReturnType<typeof parseWorkers>;
}

async function lead(
  { job, start, run, dataset, log, folder, host, port, workers }: Leading,
  options: CoordinatorCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  if (run) await writeJob(folder, job);
  const from = run?.checkpoint ?? (start && (await keepStart(folder, job, dataset, start)));
  const token = findToken({ environment: process.env }) ?? keepToken(`${folder}/${RUN.token}`);
  const made = options.tls === undefined ? null : keepIdentity(`${folder}/tls`, options.tls.split(','));
  const tls = readListenTls(options, made);
  const view = viewOf(options, screen);
  const flood = createFlood();
  const models: Record<string, string> = {};
  let failureTold = false;
  const onEvent = (event: RunEvent): void => {
    if (event.event === 'model') models[event.path.split('/').at(-2)!] = event.path;
    if (event.event === 'problem' && event.fatal) failureTold = true;
    log.event(event);
    view.show(event);
  };
  const controller = new AbortController();
  const stopListening = onInterrupt(
    () => {
      view.say('\nInterrupted: finishing the step, then writing a checkpoint. Ctrl-C again quits at once.');
      controller.abort();
    },
    () => process.exit(EXIT.interrupted),
  );
  try {
    for (const problem of run?.problems ?? []) onEvent({ event: 'problem', problem, fatal: false });
    const { done } = await runCoordinator({
      job,
      dataset,
      path: folder,
      from,
      tool: `shoal ${version}`,
      workers,
      ...(options.startWith !== undefined && { startWith: options.startWith }),
      servers: options.servers ?? 1,
      token,
      ...(tls && { tls }),
      ...(options.insecure && { insecure: true }),
      host,
      port,
      signal: controller.signal,
      onEvent,
      onListening(url) {
        log.listening(url);
        process.send?.({ listening: url });
        if (options.json) return;
        const own = options.tls === undefined ? options.cert : `${folder}/tls/cert.pem`;
        const key = options.tls === undefined ? options.key : `${folder}/tls/key.pem`;
        const trust = `--connect ${url}${own ? ` --ca ${own}` : ''}`;
        const server = `npx shoal server ${trust}${own ? ` --cert ${own} --key ${key}` : ''}`;
        view.say(
          `${folder}\nlistening at ${url}. Join with ${tokenText(folder)} and\n  ${server}\n  npx shoal worker ${trust}`,
        );
      },
      onTurnedAway(reason, address) {
        log.turnedAway(reason, address);
        if (options.json) return;
        flood((unsaid) => {
          view.say(warningText(toWire(reason), screen.errColors));
          if (unsaid > 0) view.say(`  and ${unsaid} more before it`);
        });
      },
    });
    log.ended(null);
    const interrupted = done.reason === 'interrupted';
    if (interrupted) view.say(resumeText(folder, await hasCheckpoint(folder), undefined, 'coordinator'));
    else if (!options.json) screen.out(resultText(done, job, folder, models, screen.outColors));
    return interrupted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    // whoever reads events alone learns of it too
    if (!failureTold) onEvent({ event: 'problem', problem: toWire(error), fatal: true });
    log.ended(error);
    throw error;
  } finally {
    stopListening();
    view.close();
  }
}

function viewOf({ json, log }: CoordinatorCommandOptions, screen: Screen): RunView {
  if (json) return jsonView(screen);
  if (log === '-') return noView;
  return screen.live ? barView(screen) : plainView(screen);
}
