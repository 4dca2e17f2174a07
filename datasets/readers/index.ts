// index.ts: the registry of dataset kinds. A new one is a file here, a line below, and a call of test/cases/reader.ts.
import { z } from 'zod';
import type { Dataset } from '../reader.ts';
import type { ReaderKind } from './define.ts';
import { digits } from './digits.ts';
import { folder } from './folder.ts';
import { idx } from './idx.ts';

const KINDS = [
  digits, //
  folder,
  idx,
] as const;

type Schemas<Kinds> = { -readonly [K in keyof Kinds]: Kinds[K] extends ReaderKind<infer Schema> ? Schema : never };

/** A job's dataset: `{"reader": "digits"}`, or another kind's name and options. */
export const datasetSchema = z.discriminatedUnion('reader', KINDS.map(({ schema }) => schema) as Schemas<typeof KINDS>);

export type DatasetConfig = z.output<typeof datasetSchema>;

/** The names that `reader` can take. */
export const readerNames: readonly string[] = KINDS.map(({ schema }) => schema.shape.reader.value);

/** Opens both parts. @throws {ShoalError} SHOAL_DATA_* */
export function openDataset(config: DatasetConfig): Promise<Dataset> {
  const kind = KINDS.find(({ schema }) => schema.shape.reader.value === config.reader)!;
  return (kind as ReaderKind<z.ZodObject>).open(config);
}
