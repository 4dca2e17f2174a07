// read-job.ts: a job from its file, with what the command line changes in it. What a job may say is checked by trainer/job.ts.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { withModules } from '../../trainer/modules.ts';
import type { NamedWeight } from '../../trainer/order-weights.ts';
import { applySettings } from '../../trainer/settings.ts';
import { modelSource } from './model-source.ts';

/** Options that change a job, as commander gives them. */
export interface JobOptions {
  readonly epochs?: string;
  readonly batch?: string;
  readonly lr?: string;
  readonly seed?: string;
  readonly set?: readonly string[];
}

export interface ReadJob {
  readonly job: Job;
  /** That the job starts from, all or some of the model's; undefined to begin with the seed's. */
  readonly weights: readonly NamedWeight[] | undefined;
}

/** The options as settings, `--set` first: `--set optimizer=sgd --lr 0.1` is the rate of the new optimizer. */
export function settingsOf({ epochs, batch, lr, seed, set = [] }: JobOptions): string[] {
  const named = { epochs, batch, 'optimizer.config.learning_rate': lr, seed };
  const settings = Object.entries(named).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return [...set, ...settings];
}

/**
 * Reads a job's file, and the model that it names elsewhere (model-source.ts), found from the job's own folder.
 * @throws SHOAL_JOB, and what reading the model and parseJob throw
 */
export async function readJob(path: string, options: JobOptions): Promise<ReadJob> {
  // layers and losses of the user's own first, by absolute paths: a run may be resumed from elsewhere
  const changed = await withModules(applySettings(await readJson(path), settingsOf(options)), (named) =>
    resolve(dirname(path), named),
  );
  const model = typeof changed === 'object' && changed !== null && 'model' in changed ? changed.model : undefined;
  const { config, weights } = await modelSource(model, dirname(path), `read the job ${path}`);
  const json = config === model ? changed : { ...(changed as object), model: config };
  return { job: parseJob(json, path), weights };
}

async function readJson(path: string): Promise<unknown> {
  const fail = (got: string, expected: string, hint: string, cause: unknown) =>
    new ShoalError({ code: 'SHOAL_JOB', operation: `read the job ${path}`, got, expected, hint }, { cause });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const hint = 'Give the path of a job, for example examples/digits.json.';
    throw fail(missing ? 'no such file' : (cause as Error).message, 'a file with a job', hint, cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail((cause as Error).message, 'JSON', 'docs/job.md describes a job.', cause);
  }
}
