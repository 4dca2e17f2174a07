// run-folder.ts: the folder of a run: what is in it, how one is made and opened again. Not how it is filled (run-recorder.ts).
//
// <parent>/<name>/job.json            the job, every default filled in
//                 events.jsonl        what the run told, one event a line
//                 commits.jsonl       of a run of several processes: each step, and who computed it (cluster/commit-log.ts)
//                 log.csv             figures of each epoch, where the job asks for it (csv-log.ts)
//                 token               of such a run: the secret that lets a process in
//                 url                 of such a run: where its coordinator listens, while it does
//                 holder.*            the process that trains it or leads it, while it does (bin/input/hold-run.ts)
//                 given               of a run that began with given weights: it cannot begin anew without them
//                 train/, validation/ TensorBoard's files
//                 checkpoints/        what a resumed run goes on from (checkpoint.ts)
//                 model/last/         the newest model, for tfjs
//                 model/best/         that of the best epoch so far (best.ts)

import { type Problem, ShoalError } from '../base/errors.ts';
import { canonicalJson } from '../base/hash.ts';
import { errnoOf } from '../base/refused-write.ts';
import { deciding } from './callbacks/index.ts';
import type { Manifest } from './checkpoint.ts';
import { findCheckpoints, newestValid } from './checkpoint-read.ts';
import type { Files } from './files.ts';
import { ifThere, makeDirectories, readSmall, replaceDurably } from './files.ts';
import { type Job, jobHash, jobToJson, parseJob } from './job.ts';
import { withModules } from './modules.ts';
import { nodeFiles } from './node-files.ts';
import { restoreWithBest } from './restore-best.ts';
import type { Snapshot } from './snapshot.ts';
import { writeError } from './write-error.ts';

/** Places inside the folder of a run. */
export const RUN = {
  job: 'job.json',
  events: 'events.jsonl',
  commits: 'commits.jsonl',
  table: 'log.csv',
  token: 'token',
  url: 'url',
  holder: 'holder',
  given: 'given',
  checkpoints: 'checkpoints',
  last: 'model/last',
  best: 'model/best',
} as const;

const JOB_LIMIT = 64 << 20;
const GIVEN = 'This run began with given weights: without a checkpoint it cannot begin anew.\n';

/** The state that a run was last saved in. */
export interface RunCheckpoint {
  readonly path: string;
  readonly manifest: Manifest;
  readonly snapshot: Snapshot;
}

export interface OpenedRun {
  readonly path: string;
  readonly job: Job;
  /** The newest whole checkpoint; null before the first. */
  readonly checkpoint: RunCheckpoint | null;
  /** What was wrong with each newer one: tell the user. */
  readonly problems: readonly Problem[];
}

/**
 * Makes a run's folder. A name that is taken gets -2, -3 and so on.
 * @param given whether it begins with given weights, which its first checkpoint alone will tell of
 * @returns its path
 * @throws SHOAL_RUN_WRITE
 */
export async function createRun(parent: string, job: Job, files: Files = nodeFiles, given = false): Promise<string> {
  try {
    return await makeFolder(parent, job, files, given);
  } catch (error) {
    throw writeError(error, `make a run in ${parent}`);
  }
}

async function makeFolder(parent: string, job: Job, files: Files, given: boolean): Promise<string> {
  await makeDirectories(files, parent);
  for (let number = 1; ; number++) {
    const path = `${parent}/${job.name}${number > 1 ? `-${number}` : ''}`;
    try {
      await files.makeDirectory(path);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') continue;
      throw error;
    }
    await files.syncDirectory(parent);
    // before the job, without which there is no run
    if (given) await replaceDurably(files, `${path}/${RUN.given}`, [new TextEncoder().encode(GIVEN)]);
    await writeJob(path, job, files);
    return path;
  }
}

/** Writes the job of a run: at its beginning, and when it is resumed with more epochs. @throws SHOAL_RUN_WRITE */
export async function writeJob(path: string, job: Job, files: Files = nodeFiles): Promise<void> {
  const text = `${JSON.stringify(jobToJson(job), null, 2)}\n`;
  try {
    await replaceDurably(files, `${path}/${RUN.job}`, [new TextEncoder().encode(text)]);
    await files.syncDirectory(path);
  } catch (error) {
    throw writeError(error, `write into ${path}`);
  }
}

/** The job of a run as it stands in its folder. @throws SHOAL_RUN_MISSING */
export async function readRunJob(path: string, files: Files = nodeFiles): Promise<unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await readSmall(files, `${path}/${RUN.job}`, JOB_LIMIT)));
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_RUN_MISSING',
        operation: `open the run ${path}`,
        got: errnoOf(cause) === 'ENOENT' ? `no ${RUN.job} there` : (cause as Error).message,
        expected: `the folder of a run, with its ${RUN.job}`,
        hint: 'Give the folder that `shoal train` named, for example runs/digits.',
      },
      { cause },
    );
  }
  return withModules(json, (named) => named, files);
}

/** Whether anything was saved: without, a resumed run begins anew. */
export const hasCheckpoint = async (run: string, files: Files = nodeFiles): Promise<boolean> =>
  (await findCheckpoints(`${run}/${RUN.checkpoints}`, files)).length > 0;

/**
 * Opens a run to resume, evaluate or use it.
 * @param job the job to go on with, where it is not the folder's own
 * @throws SHOAL_RUN_MISSING, SHOAL_RUN_JOB if the checkpoint is another job's, SHOAL_RUN_NO_CHECKPOINT if it began with given weights and no
 *   checkpoint has them any more, and what parseJob throws
 */
export async function openRun(path: string, job?: Job, files: Files = nodeFiles): Promise<OpenedRun> {
  const own = job ?? parseJob(await readRunJob(path, files), `${path}/${RUN.job}`);
  const hash = await jobHash(own);
  let snapshot: Snapshot | undefined;
  let lacking: unknown; // of the newest that is whole, but without the one that has its best weights
  const { checkpoint, rejected } = await newestValid(`${path}/${RUN.checkpoints}`, files, async (found) => {
    if (found.manifest.jobHash !== hash) return;
    snapshot = await restoreWithBest(own, found, files).catch((error: unknown) => {
      lacking ??= error;
      throw error;
    });
  });
  if (!checkpoint && lacking) throw lacking;
  const problems = rejected.map(({ problem }) => problem);
  if (!checkpoint) {
    if (await ifThere(readSmall(files, `${path}/${RUN.given}`, 2 ** 10))) throw nothingGiven(path, problems);
    return { path, job: own, checkpoint: null, problems };
  }
  const { manifest } = checkpoint;
  if (!snapshot) throw otherJob(path, await changedKeys(path, own, files));
  return {
    path,
    job: own,
    checkpoint: { path: checkpoint.path, manifest, snapshot },
    problems,
  };
}

const nothingGiven = (path: string, [damage]: readonly Problem[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_RUN_NO_CHECKPOINT',
    operation: `open the run ${path}`,
    got: `no whole checkpoint${damage ? ` (${damage.operation}: got ${damage.got}, expected ${damage.expected})` : ''}`,
    expected: 'one: the run began with weights of a file or of another run, which are nowhere else',
    hint: 'Start a new run.',
  });

/** Which keys of a job differ from those of the folder's own, of those that decide the bits (jobHash). */
async function changedKeys(path: string, job: Job, files: Files): Promise<string[]> {
  const own = decidingKeys(parseJob(await readRunJob(path, files), `${path}/${RUN.job}`));
  const now = decidingKeys(job);
  const keys = [...new Set([...Object.keys(own), ...Object.keys(now)])].sort();
  return keys.filter((key) => canonicalJson(own[key] ?? null) !== canonicalJson(now[key] ?? null));
}

function decidingKeys(job: Job): Record<string, unknown> {
  const { name, epochs, metrics, checkpoint, recompute, tolerance, evaluateEvery, ...rest } = jobToJson(job);
  const callbacks = deciding(job.callbacks);
  const modules = job.modules.map(({ sha256 }) => sha256);
  return { ...rest, callbacks, modules, ...(callbacks.length > 0 && { evaluateEvery }) };
}

const otherJob = (path: string, changed: readonly string[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_RUN_JOB',
    operation: `go on with the run ${path}`,
    got: changed.length > 0 ? `another ${changed.join(', ')}` : `a ${RUN.job} that was changed by hand`,
    expected: 'the job that its checkpoints were computed with',
    hint: 'Only name, epochs, metrics, checkpoint, recompute, tolerance and, unless callbacks decide by it, evaluateEvery may change on the way; else start a new run.',
  });
