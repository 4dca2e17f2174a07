// training.ts: training samples per second of a job in this process, by the same session that `shoal train` runs.
import { readFileSync } from 'node:fs';
import type { Dataset } from '../datasets/reader.ts';
import { type Job, parseJob } from '../trainer/job.ts';
import { openJobData, runSession } from '../trainer/session.ts';
import { executorNamed } from '../trainer/tfjs-executor.ts';

/** The four examples, by the names that peers know them by. */
export const EXAMPLES = ['digits', 'conv-dense', 'simple-cnn', 'mlp'] as const;
export type Example = (typeof EXAMPLES)[number];

const file = (name: string): URL => new URL(`../examples/${name}.json`, import.meta.url);

/** An example's job, made long enough to be stopped by the clock. */
export function exampleJob(name: Example): Job {
  const json: object = JSON.parse(readFileSync(file(name), 'utf8'));
  return parseJob({ ...json, epochs: 100_000 }, name);
}

const data = new Map<string, Promise<Dataset>>();
/** The job's data, opened once. */
export function dataOf(job: Job): Promise<Dataset> {
  const key = JSON.stringify(job.data);
  const opened = data.get(key) ?? openJobData(job);
  data.set(key, opened);
  return opened;
}

export interface TrainingFigure {
  readonly samplesPerSecond: number;
  readonly loss: number;
}

/** Trains for `seconds` after the first step; evaluations are made, but not counted. */
export async function measureTraining(
  job: Job,
  threads: number,
  seconds: number,
  dataset?: Dataset,
  executor = 'wasm',
): Promise<TrainingFigure> {
  const other = executorNamed(executor, job);
  const stop = new AbortController();
  let loss = Number.NaN;
  let until = Number.POSITIVE_INFINITY;
  const { done } = await runSession({
    job,
    dataset: dataset ?? (await dataOf(job)),
    threads,
    ...(other && { executor: other }),
    signal: stop.signal,
    onEvent(event) {
      if (event.event !== 'step') return;
      loss = event.loss;
      if (until === Number.POSITIVE_INFINITY) until = performance.now() + 1000 * seconds;
      if (performance.now() > until) stop.abort();
    },
  });
  return { samplesPerSecond: done.samples_per_second, loss };
}
