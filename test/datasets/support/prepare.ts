// prepare.ts: preparations of a folder of images for tests, and the errors that they end with. Not a test.
import { join } from 'node:path';
import type { ShoalError } from '../../../base/errors.ts';
import { prepareSchema } from '../../../datasets/prepare/job.ts';
import { type PrepareOptions, type PrepareResult, prepareDataset } from '../../../datasets/prepare/run.ts';

/** Of one thread, that puts up with nothing and says nothing. */
export const PLAIN = {
  threads: 1,
  mode: 'incremental',
  maxErrors: { count: 0 },
  task: null,
  version: '0.0.0',
  signal: new AbortController().signal,
  onProgress: () => {},
} as const satisfies Partial<PrepareOptions>;

export type Prepare = (out: string, job?: object, options?: Partial<PrepareOptions>) => Promise<PrepareResult>;

/** Prepares `source` into folders of `home`. */
export const preparing =
  (home: string, source: string): Prepare =>
  (out, job = {}, options = {}) =>
    prepareDataset({
      job: prepareSchema.parse({ source: { reader: 'folder', path: source }, shardSize: 4, ...job }),
      out: join(home, out),
      ...PLAIN,
      ...options,
    });

export const code =
  (wanted: string, pattern = /./) =>
  (error: ShoalError) =>
    error.code === wanted && pattern.test(error.message);
