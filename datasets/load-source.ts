// load-source.ts: a source's samples decoded once into shared memory: a Dataset to train on. Preparation (prepare/) never holds them all.
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { ShoalError } from '../base/errors.ts';
import { readerFromArrays } from './from-arrays.ts';
import { decodeImage, type Recipe } from './image/decode.ts';
import { type Dataset, type Dtype, dtypeOf, type Field, type Fields, fieldBytes, type Reader } from './reader.ts';
import type { Entry, Loader, Source } from './source.ts';
import { splitEntries } from './split.ts';

/** Keys of every reader whose samples are images in files of any size. */
export const imageKeys = {
  /** Rows and columns that every image is brought to. */
  size: z.tuple([z.int().positive(), z.int().positive()]).optional(),
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  /** How: cut the middle out, put white borders around, or stretch. */
  fit: z.enum(['cover', 'contain', 'fill']).default('cover'),
};

/** Keys of every reader whose data may come without a held-out part. */
export const splitKeys = {
  /** Share that is held out, of what the data do not hold out themselves. */
  test: z.number().min(0).max(0.9).default(0.2),
  /** Which samples those are. Apart from the job's seed, so that runs with other seeds are measured on the same ones. */
  splitSeed: z.int().nonnegative().default(0),
};

/** What else is known of each sample, in fields of numbers beside the image. */
export interface Columns {
  readonly fields: Fields;
  /** Labels are 0 to classes - 1, or -1. */
  readonly classes: number;
  /** One row of each field. @throws {ShoalError} SHOAL_DATA_* */
  of(entry: Entry, recipe: Recipe): Promise<Readonly<Record<string, Int32Array | Float32Array>>>;
}

export interface LoadOptions {
  readonly size?: readonly [rows: number, columns: number] | undefined;
  readonly channels?: 1 | 3;
  readonly fit?: 'cover' | 'contain' | 'fill';
  readonly test?: number;
  readonly splitSeed?: number;
}

/** One sample as it lies in memory. */
interface Row {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly bytes: Uint8Array;
}

/**
 * Splits, reads and decodes; closes the source. Held out is the part `test`, else `validation`, else a share drawn by `splitSeed`.
 * @throws {ShoalError} SHOAL_DATA_SAMPLE naming the first sample that cannot be read, SHOAL_DATA_LABEL, SHOAL_DATA_EMPTY, SHOAL_SHAPE
 */
export async function loadSource(
  source: Source,
  origin: string,
  options: LoadOptions,
  columns?: (image: Field) => Columns,
): Promise<Dataset> {
  try {
    if (source.bad.length > 0) throw badSamples(source, origin);
    const labelled = source.classes !== null && !columns;
    const entries = labelled ? source.entries.filter(({ label }) => label !== null) : source.entries;
    if (labelled && entries.length < source.entries.length) throw unlabelled(source, origin);
    const [train, test] = heldOut(entries, options);
    if (train.length === 0 || test.length === 0) throw tooFew(origin, train.length, test.length);
    const recipe = recipeOf(options);
    const first = await rowOf(source, train[0]!, origin, recipe);
    const field: Field = { shape: first.shape, dtype: first.dtype };
    const beside = columns?.(field) ?? null;
    const reader = (part: readonly Entry[]) => toReader(source, part, field, beside, recipe, origin);
    return { train: await reader(train), test: await reader(test) };
  } finally {
    await source.close();
  }
}

function heldOut(entries: readonly Entry[], { test = 0.2, splitSeed = 0 }: LoadOptions): [Entry[], Entry[]] {
  const has = (part: string) => entries.some((entry) => entry.part === part);
  const own = has('test') ? 'test' : has('validation') ? 'validation' : null;
  const parts = splitEntries(entries, { test: own === null ? test : 0, validation: 0 }, splitSeed);
  const of = (wanted: string) => entries.filter((_, i) => parts[i] === wanted);
  return [of('train'), of(own ?? 'test')];
}

const recipeOf = ({ size, channels = 3, fit = 'cover' }: LoadOptions): Recipe => ({
  resize: size === undefined ? null : { rows: size[0], columns: size[1], fit },
  crop: null,
  channels,
});

async function toReader(
  loader: Loader & Pick<Source, 'classes'>,
  entries: readonly Entry[],
  field: Field,
  beside: Columns | null,
  recipe: Recipe,
  origin: string,
): Promise<Reader> {
  const size = fieldBytes(field);
  const image = new Uint8Array(new SharedArrayBuffer(size * entries.length));
  const others = Object.entries(beside?.fields ?? {}).map(([name, one]) => {
    const rows = new Uint8Array(new SharedArrayBuffer(fieldBytes(one) * entries.length));
    return { name, rows, size: fieldBytes(one) };
  });
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < entries.length; i = next++) {
      const row = await rowOf(loader, entries[i]!, origin, recipe);
      if (String(row.shape) !== String(field.shape) || row.dtype !== field.dtype)
        throw otherShape(entries[i]!, origin, row, field);
      image.set(row.bytes, i * size);
      if (!beside) continue;
      const values = await beside.of(entries[i]!, recipe);
      for (const { name, rows, size: bytes } of others) {
        const { buffer, byteOffset, byteLength } = values[name]!;
        rows.set(new Uint8Array(buffer, byteOffset, byteLength), i * bytes);
      }
    }
  };
  // the decoding itself is done by sharp's threads
  await Promise.all(Array.from({ length: Math.min(16, 2 * availableParallelism()) }, work));
  if (beside) {
    const data = Object.fromEntries([['image', image], ...others.map(({ name, rows }) => [name, rows])]);
    return readerFromArrays({ fields: { image: field, ...beside.fields }, data, classes: beside.classes, origin });
  }
  const label = { shape: [], dtype: 'i32' } as const;
  const { classes } = loader;
  if (classes === null) return readerFromArrays({ fields: { image: field }, data: { image }, classes: null, origin });
  const labels = Int32Array.from(entries, (entry) => entry.label!);
  const fields = { image: field, label };
  const data = { image, label: labels };
  if (entries[0]?.weight === undefined) return readerFromArrays({ fields, data, classes: classes.length, origin });
  const weight = Float32Array.from(entries, (entry) => entry.weight!);
  return readerFromArrays({
    fields: { ...fields, weight: { shape: [], dtype: 'f32' } },
    data: { ...data, weight },
    classes: classes.length,
    origin,
  });
}

/** @throws {ShoalError} SHOAL_DATA_SAMPLE */
async function rowOf(loader: Loader, entry: Entry, origin: string, recipe: Recipe): Promise<Row> {
  try {
    const content = await loader.load(entry);
    if (content.kind === 'text') throw noImage(entry);
    if (content.kind === 'array') {
      const { shape, data } = content;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return { shape, dtype: dtypeOf(data), bytes };
    }
    const { data, rows, columns, channels } = await decodeImage(content.bytes, entry.key, recipe);
    return { shape: [rows, columns, channels], dtype: 'u8', bytes: data };
  } catch (cause) {
    if (!(cause instanceof ShoalError) || cause.code === 'SHOAL_OPTIONAL_PACKAGE') throw cause;
    const { operation, got, expected } = cause;
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_SAMPLE',
        operation: `${operation} of ${origin}`,
        got,
        expected,
        hint: 'Correct or remove the sample. `shoal data prep` lists all such samples, and leaves them out.',
      },
      { cause },
    );
  }
}

const badSamples = ({ bad }: Source, origin: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_SAMPLE',
    operation: `read ${origin}`,
    got: `${bad.length} bad samples, the first ${bad[0]!.key}: ${bad[0]!.reason}`,
    expected: 'good ones alone',
    hint: 'Correct or remove them. `shoal data prep` lists all such samples, and leaves them out.',
  });

const noImage = (entry: Entry): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read ${entry.key}`,
    got: 'text',
    expected: 'an image or numbers',
    hint: 'Turn text into ids first: docs/data.md.',
  });

const otherShape = (entry: Entry, origin: string, row: Row, field: Field): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: `read ${entry.key} of ${origin}`,
    got: `${row.dtype} of [${row.shape.join(', ')}]`,
    expected: `${field.dtype} of [${field.shape.join(', ')}], as the first sample`,
    hint: 'All samples need one shape: give "size": [rows, columns].',
  });

const tooFew = (origin: string, train: number, test: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_EMPTY',
    operation: `read ${origin}`,
    got: `${train} samples to train on, ${test} held out`,
    expected: 'at least one of each',
    hint: 'Give more samples, or change the share "test".',
  });

const unlabelled = ({ entries }: Source, origin: string): ShoalError => {
  const without = entries.filter(({ label }) => label === null);
  return new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `read ${origin}`,
    got: `${without.length} samples without a label, the first ${without[0]!.key}`,
    expected: 'a label for each, or for none',
    hint: 'Put images into a folder that is named for their class, or name them in metadata.csv.',
  });
};
