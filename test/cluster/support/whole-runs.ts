// whole-runs.ts: a small job run in several real processes, disturbed as a test says, and held against one undisturbed process: the run
// ends, its bytes and figures are the same, the audit of its log holds.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditRun } from '../../../cluster/coordinator-files.ts';
import type { Allowed } from '../../../cluster/launchers/engine.ts';
import { local } from '../../../cluster/launchers/local.ts';
import type { Processes } from '../../../cluster/launchers/run.ts';
import type { Dataset } from '../../../datasets/reader.ts';
import type { DoneEvent, RunEvent } from '../../../trainer/events.ts';
import { type Job, parseJob } from '../../../trainer/job.ts';
import { createRun } from '../../../trainer/run-folder.ts';
import { openJobData, runSession } from '../../../trainer/session.ts';
import { type ClusterJob, clusterJob } from '../../support/cluster-job.ts';
import type { RolePlan } from '../../support/role.ts';
import { later } from './ends.ts';

export const COMMAND = [process.execPath, 'bin/shoal.ts'] as const;
export const HASHES = ['parameters_sha256', 'state_sha256', 'optimizer_sha256'] as const;
const SAMPLES = 96;

export interface Ran {
  readonly done: DoneEvent;
  readonly events: readonly RunEvent[];
  readonly path: string;
  /** Failpoints that struck, "name: point". */
  readonly struck: readonly string[];
  /** Frames that were meddled with, by what was done to them. */
  readonly meddled: Readonly<Record<string, number>>;
}

export interface RunPlan {
  readonly workers: number;
  readonly servers: number;
  readonly allowed?: Allowed;
  /** Of each worker. Default 1. */
  readonly threads?: number;
  readonly path?: string;
  readonly signal?: AbortSignal;
  /** By the names of processes. */
  readonly roles?: Readonly<Record<string, RolePlan>>;
  /** Told of each event, once the processes are started. */
  readonly onEvent?: (event: RunEvent, processes: Processes) => void;
}

export interface WholeRuns {
  readonly at: ClusterJob;
  readonly job: Job;
  readonly dataset: Dataset;
  readonly expected: DoneEvent;
  run(plan: RunPlan): Promise<Ran>;
  /** Another job in this process, on the same data. */
  alone(job: Job): ReturnType<typeof runSession>;
  /** @param killed names of processes that were killed by hand, in any order */
  holds(ran: Pick<Ran, 'done' | 'events' | 'path'>, killed?: readonly string[]): Promise<void>;
  remove(): void;
}

export const same = (a: DoneEvent, b: DoneEvent): void => {
  for (const name of HASHES) assert.equal(a[name], b[name], name);
  assert.deepEqual(a.metrics, b.metrics);
};

const epochs = (events: readonly RunEvent[]) => {
  // an epoch that was computed again tells its figures again
  const told = events.flatMap((it) => (it.event === 'epoch' ? [[it.epoch, it.train, it.metrics] as const] : []));
  return [...new Map(told.map((it) => [it[0], it])).values()];
};

/** A port of 127.0.0.1 that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Computes the job in one process first.
 * @param changes keys of the job that differ
 */
export async function wholeRuns(changes: object): Promise<WholeRuns> {
  const at = clusterJob(changes, SAMPLES);
  const job = parseJob(at.json, at.path);
  const dataset = await openJobData(job);
  const told: RunEvent[] = [];
  const { done: expected } = await runSession({ job, dataset, threads: 1, onEvent: (event) => told.push(event) });

  async function run(plan: RunPlan): Promise<Ran> {
    const { workers, servers, allowed, threads = 1, signal, onEvent, roles } = plan;
    const path = plan.path ?? (await createRun(`${at.folder}/runs`, job));
    const events: RunEvent[] = [];
    const marks = mkdtempSync(join(tmpdir(), 'shoal-marks-'));
    later(() => rmSync(marks, { recursive: true, force: true }));
    let processes: Processes | null = null;
    const done = await local.launch({
      command: roles ? [process.execPath, 'test/support/role.ts', JSON.stringify({ marks, roles })] : COMMAND,
      run: path,
      workers,
      servers,
      threads,
      ...(allowed && { allowed }),
      ...(signal && { signal }),
      onStarted: (started) => {
        processes = started;
      },
      onEvent(event) {
        events.push(event);
        if (processes) onEvent?.(event, processes);
      },
    });
    const meddled: Record<string, number> = {};
    for (const what of lines(`${marks}/meddled`)) meddled[what] = (meddled[what] ?? 0) + 1;
    return { done, events, path, struck: lines(`${marks}/armed`), meddled };
  }

  async function holds(
    { done, events, path }: Pick<Ran, 'done' | 'events' | 'path'>,
    killed: readonly string[] = [],
  ): Promise<void> {
    same(done, expected);
    assert.deepEqual(epochs(events), epochs(told));
    const audit = await auditRun(path, job);
    assert.ok(audit.ok, JSON.stringify(audit));
    assert.equal(audit.report.draws, job.epochs * SAMPLES);
    const workers = events.find((it) => it.event === 'workers');
    assert.deepEqual(workers?.leaves, audit.report.leaves);
    assert.deepEqual(events.flatMap((it) => (it.event === 'killed' ? [it.name] : [])).sort(), [...killed].sort());
  }

  const alone = (other: Job) => runSession({ job: other, dataset, threads: 1 });
  return { at, job, dataset, expected, run, alone, holds, remove: at.remove };
}

function lines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
