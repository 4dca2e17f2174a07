// index.ts: the registry of dataset kinds. A new one is a file here, a line below, and a call of test/cases/reader.ts.
import { z } from 'zod';
import { check } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { sourceOfDataset } from '../dataset-source.ts';
import { imageKeys, splitKeys } from '../load-source.ts';
import { placeKeys } from '../places.ts';
import type { Dataset } from '../reader.ts';
import type { Source } from '../source.ts';
import { cifar } from './cifar.ts';
import { coco } from './coco.ts';
import { csv } from './csv.ts';
import type { ReaderKind } from './define.ts';
import { digits } from './digits.ts';
import { folder } from './folder.ts';
import { idx } from './idx.ts';
import { jsonl } from './jsonl.ts';
import { masks } from './masks.ts';
import { npy } from './npy.ts';
import { parquet } from './parquet.ts';
import { text } from './text.ts';
import { tfrecord } from './tfrecord.ts';
import { webdataset } from './webdataset.ts';

const KINDS = [
  digits, //
  cifar,
  coco,
  csv,
  folder,
  idx,
  jsonl,
  masks,
  npy,
  parquet,
  text,
  tfrecord,
  webdataset,
] as const;

type Schemas<Kinds> = { -readonly [K in keyof Kinds]: Kinds[K] extends ReaderKind<infer Schema> ? Schema : never };

/** A job's dataset: `{"reader": "digits"}`, or another kind's name and options. */
export const datasetSchema = z.discriminatedUnion(
  'reader',
  KINDS.map(({ schema }) => schema) as Schemas<typeof KINDS>,
  {
    error: ({ code }) => (code === 'invalid_union' ? `one of the known readers: ${readerNames.join(', ')}` : undefined),
  },
);

export type DatasetConfig = z.output<typeof datasetSchema>;

/** The names that `reader` can take. */
export const readerNames: readonly string[] = KINDS.map(({ schema }) => schema.shape.reader.value);

/** What a job's `data` may say: what is left out has its default. */
export type DatasetOptions = z.input<typeof datasetSchema>;

/** Opens both parts. @param operation for messages @throws {ShoalError} SHOAL_JOB for other options, SHOAL_DATA_* */
export async function openDataset(options: DatasetOptions, operation = 'open a dataset'): Promise<Dataset> {
  const config = check(datasetSchema, options, {
    code: 'SHOAL_JOB',
    operation,
    hint: 'docs/data.md describes every reader.',
  });
  const kind = KINDS.find(({ schema }) => schema.shape.reader.value === config.reader)!;
  return (kind as ReaderKind<z.ZodObject>).open(config);
}

/** Keys that say how samples are opened, not which there are. */
const OPENING: readonly string[] = Object.keys({ ...imageKeys, ...placeKeys, ...splitKeys });

/**
 * What preparation reads: the kind's own samples before decoding, or those of its Dataset.
 * @throws {ShoalError} SHOAL_JOB for other options, or such as change nothing in it; SHOAL_DATA_*
 */
export async function scanDataset(options: object): Promise<Source> {
  const config = check(datasetSchema, options, {
    code: 'SHOAL_JOB',
    operation: 'read the source',
    hint: 'docs/data.md describes every reader.',
  });
  const kind = KINDS.find(({ schema }) => schema.shape.reader.value === config.reader)! as ReaderKind<z.ZodObject>;
  if (!kind.scan) return sourceOfDataset(await kind.open(config));
  const unheeded = [...OPENING, ...(kind.opening ?? [])];
  const said = unheeded.find((key) => key in options);
  if (said !== undefined)
    throw withoutUse(
      said,
      Object.keys(kind.schema.shape).filter((key) => !unheeded.includes(key)),
    );
  return kind.scan(config);
}

const withoutUse = (key: string, heeded: readonly string[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: 'read the source',
    got: `the option ${key}, which says how a job opens samples`,
    expected: `an option that says which samples there are: ${heeded.join(', ')}`,
    hint: 'Give it to the job. What shoal data prep makes of samples is said by --transform, --split, --seed and --tokenizer.',
  });
