// read-job.ts: a job from its file, with what the command line changes in it. What a job may say is checked by trainer/job.ts.
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { importLayers } from '../../trainer/layers/register.ts';
import type { NamedWeight } from '../../trainer/order-weights.ts';
import { applySettings } from '../../trainer/settings.ts';

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
  /** Of the model file that the job starts from; undefined to begin with the seed's. */
  readonly weights: readonly NamedWeight[] | undefined;
}

/** The options as settings, `--set` first: `--set optimizer=sgd --lr 0.1` is the rate of the new optimizer. */
export function settingsOf({ epochs, batch, lr, seed, set = [] }: JobOptions): string[] {
  const named = { epochs, batch, 'optimizer.config.learning_rate': lr, seed };
  const settings = Object.entries(named).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return [...set, ...settings];
}

/**
 * Reads a job's file. `"model": {"$file": "model.json"}` stands for the model in that file, of any format that Shoal imports, found from the job's own
 * folder; with `"weights": true` beside it, training starts from the file's weights.
 * @throws SHOAL_JOB, and what reading the model and parseJob throw
 */
export async function readJob(path: string, options: JobOptions): Promise<ReadJob> {
  const changed = applySettings(await readJson(path), settingsOf(options));
  const { json: own, weights } = await withModelFile(changed, path);
  const json = await withLayers(own, path);
  return { job: parseJob(json, path), weights };
}

/** The modules of a job's layers imported, and named by absolute paths: a run may be resumed from elsewhere. */
async function withLayers(json: unknown, path: string): Promise<unknown> {
  const named = typeof json === 'object' && json !== null && 'layers' in json ? json.layers : undefined;
  if (!Array.isArray(named) || !named.every((module) => typeof module === 'string')) return json;
  const layers = named.map((module) => resolve(dirname(path), module));
  await importLayers(layers);
  return { ...(json as object), layers };
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

type ModelFile = { readonly $file: string; readonly weights?: unknown };

const namesFile = (model: unknown): model is ModelFile =>
  typeof model === 'object' && model !== null && '$file' in model && typeof model.$file === 'string';

async function withModelFile(
  json: unknown,
  path: string,
): Promise<{ readonly json: unknown; readonly weights: readonly NamedWeight[] | undefined }> {
  const model = typeof json === 'object' && json !== null && 'model' in json ? json.model : undefined;
  if (!namesFile(model)) return { json, weights: undefined };
  const problem = (got: string, expected: string, hint: string) =>
    new ShoalError({ code: 'SHOAL_JOB', operation: `read the job ${path}`, got, expected, hint });
  const { $file: file, weights: wanted = false, ...rest } = model;
  if (typeof wanted !== 'boolean' || Object.keys(rest).length > 0) {
    const expected = '{"$file": path} with "weights": true or false beside it';
    throw problem(`model: ${JSON.stringify(model)}`, expected, 'docs/job.md describes every key.');
  }
  const { readModelFile } = await import('../../trainer/import/index.ts');
  const imported = await readModelFile(isAbsolute(file) ? file : join(dirname(path), file));
  if (wanted && imported.weights === undefined) {
    const hint = 'Leave "weights" out to begin with the values that the seed gives.';
    throw problem(`${file} without weights`, 'a file with weights', hint);
  }
  return { json: { ...(json as object), model: imported.config }, weights: wanted ? imported.weights : undefined };
}
