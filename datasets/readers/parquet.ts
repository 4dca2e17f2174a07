// parquet.ts: Parquet files of rows with an image (bytes, or {bytes, path} as Hugging Face has it), or of numbers and words. By hyparquet,
// whose 50 modules are imported by the first file: every process has this reader, and few read by it.

import type { FileMetaData } from 'hyparquet';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { blobSource } from '../blob-source.ts';
import { openFile, type RandomFile } from '../files.ts';
import { asyncBufferOf } from '../formats/parquet-buffer.ts';
import { checkPaths } from '../formats/parquet-paths.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { unpacked } from '../next-ids.ts';
import { boxOfEdges, placeKeys } from '../places.ts';
import type { Manifest } from '../prepare/manifest.ts';
import type { Bad, Part, Places, Source } from '../source.ts';
import { type TableOptions, type TableRow, tableKeys, tableSource } from '../table.ts';
import { labelled, withClasses } from './class-names.ts';
import { defineReader } from './define.ts';
import { locationsOf, manifestOf, nameOf, partOfFile } from './locations.ts';
import { type Marked, type NamedBoxes, withPlaces } from './marked.ts';

const schema = strict({
  reader: z.literal('parquet'),
  /** A file, several by braces, or a folder of files named .parquet; or the URL of a file. */
  path: z.string().min(1),
  ...tableKeys,
  ...imageKeys,
  ...placeKeys,
  ...splitKeys,
});
type Config = z.output<typeof schema>;

export const parquet = defineReader({
  schema,
  scan,
  open: async (config) => unpacked(await loadSource(await scan(config), config.path, config), manifestOf(config.path)),
});

type Record_ = Readonly<Record<string, unknown>>;

/** @throws {ShoalError} SHOAL_DATA_FORMAT for a file that is no Parquet */
async function scan(config: Config): Promise<Source> {
  const locations = locationsOf(config.path, /\.parquet$/, '.parquet');
  const bad: Bad[] = [];
  const rows: TableRow[] = [];
  for (const location of locations) {
    const file = await openFile(location);
    try {
      const about =
        locations.length === 1 ? (['', null] as const) : ([`${nameOf(location)}#`, partOfFile(location)] as const);
      for (const row of await rowsOf(file, await metadataOf(file), about, bad)) rows.push(row);
    } finally {
      await file.close();
    }
  }
  const columns = Object.keys(rows.find(({ values }) => values)?.values ?? {});
  const image = columns.find(
    (name) =>
      name !== MASK &&
      name !== config.label &&
      !isLabel(name) &&
      rows.some(({ values }) => values && bytesOf(values[name]) !== null),
  );
  const manifest = manifestOf(config.path);
  const own = manifest === null ? {} : ownColumns(columns, manifest);
  const places = manifest?.places ?? (image === undefined ? undefined : placesOf(columns, config.label));
  const known = manifest?.classes ?? null;
  const source =
    image === undefined
      ? withClasses(withoutLabels(tableSource(columns, rows, config.path, { ...own, ...config }), manifest), known)
      : places === undefined
        ? imageSource(rows, image, columns, config.label, known)
        : await placedSource(rows, image, places, known);
  return { ...source, bad: [...bad, ...source.bad] };
}

/** What preparation has written: beside the columns to learn from there are keys and names of classes. */
function ownColumns(columns: readonly string[], { job }: Manifest): Pick<TableOptions, 'features' | 'text' | 'ids'> {
  const features = columns.filter((name) => /^x\d+$/.test(name));
  return features.length > 0 ? { features, ids: job.tokens !== undefined } : { text: 'text' };
}

/** A table has the last of its columns as the class, where none is named so: not what preparation wrote without classes. */
const withoutLabels = (source: Source, manifest: Manifest | null): Source =>
  manifest === null || manifest.classes !== null
    ? source
    : { ...source, classes: null, entries: source.entries.map((entry) => ({ ...entry, label: null })) };

async function metadataOf(file: RandomFile): Promise<FileMetaData> {
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  try {
    const metadata = await parquetMetadataAsync(asyncBufferOf(file));
    checkPaths(metadata, parquetSchema(metadata));
    return metadata;
  } catch (cause) {
    if (cause instanceof ShoalError) throw cause;
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_FORMAT',
        operation: `read ${file.name}`,
        got: `no footer that can be read (${cause instanceof Error ? cause.message : String(cause)})`,
        expected: 'a Parquet file',
        hint: 'Fetch the file again.',
      },
      { cause },
    );
  }
}

/** Row group by row group: a damaged page costs the rows of its group, and they are told of. */
async function rowsOf(
  file: RandomFile,
  metadata: FileMetaData,
  [prefix, part]: readonly [prefix: string, part: Part | null],
  bad: Bad[],
): Promise<TableRow[]> {
  const { parquetReadObjects } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const rows: TableRow[] = [];
  let first = 0;
  for (const group of metadata.row_groups) {
    const end = first + Number(group.num_rows);
    const key = (row: number) => `${prefix}row-${String(row).padStart(8, '0')}`;
    try {
      const objects = await parquetReadObjects({
        file: asyncBufferOf(file),
        metadata,
        compressors,
        rowStart: first,
        rowEnd: end,
        utf8: false,
      });
      objects.forEach((values, i) => {
        rows.push({ key: key(first + i), part, values: values as Record_ });
      });
    } catch (cause) {
      if (cause instanceof ShoalError) throw cause;
      for (let row = first; row < end; row++)
        bad.push({ key: key(row), code: 'SHOAL_DATA_CORRUPT', reason: 'a row group with a damaged page' });
    }
    first = end;
  }
  return rows;
}

/** Of an image's column: bytes, or {bytes, path}. */
function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  const inner = (value as { bytes?: unknown } | null)?.bytes;
  return inner instanceof Uint8Array ? inner : null;
}

/** Of a label's column: Spark, for one, writes text as bytes. Null for a missing value. */
const textOf = (value: unknown): string | null =>
  value === null || value === undefined
    ? null
    : value instanceof Uint8Array
      ? new TextDecoder().decode(value)
      : String(value);

const isLabel = (name: string): boolean => ['label', 'class', 'category', 'target'].includes(name);

/** Columns beside an image: a PNG whose bytes are classes; boxes and their classes, as Hugging Face has them, with the image's height and width. */
const MASK = 'mask';
const OBJECTS = 'objects';

/** What has the classes, where no manifest says it. */
function placesOf(columns: readonly string[], label: string | undefined): Places | undefined {
  if (label !== undefined || columns.some(isLabel)) return undefined;
  const boxes = [OBJECTS, 'height', 'width'].every((name) => columns.includes(name));
  return boxes ? 'boxes' : columns.includes(MASK) ? 'mask' : undefined;
}

const objectsSchema = z.object({
  bbox: z.array(z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()])),
  category: z.array(z.coerce.number().pipe(z.int())),
});

async function placedSource(
  rows: readonly TableRow[],
  image: string,
  places: Places,
  known: readonly string[] | null,
): Promise<Source> {
  const whole = rows.filter(({ values }) => bytesOf(values![image]) !== null);
  const blobs = (column: string) => whole.map(({ values }) => bytesOf(values![column]) ?? new Uint8Array(0));
  const found = whole.map(({ key, part = null, values }, i): Marked => {
    const objects = objectsSchema.safeParse(values![OBJECTS]);
    const [height, width] = [Number(values!['height']), Number(values!['width'])];
    const boxes: NamedBoxes | null = objects.success
      ? {
          rows: height,
          columns: width,
          boxes: objects.data.bbox.map(([x, y, wide, high]) => boxOfEdges(x, y, x + wide, y + high)),
          labels: objects.data.category,
          names: null,
        }
      : null;
    return { entry: { key, part, at: [i] }, label: null, boxes, mask: bytesOf(values![MASK]) !== null };
  });
  const bad = rows
    .filter((row) => !whole.includes(row))
    .map(({ key }): Bad => ({ key, code: 'SHOAL_DATA_FIELD', reason: 'a row with a missing value' }));
  const source = blobSource(
    { entries: [], classes: null, bad },
    'image',
    blobs(image),
    places === 'mask' ? blobs(MASK) : null,
  );
  return withPlaces(source, found, places, known);
}

function imageSource(
  rows: readonly TableRow[],
  image: string,
  columns: readonly string[],
  wanted: string | undefined,
  known: readonly string[] | null,
): Source {
  const label = wanted ?? columns.find(isLabel);
  const bad: Bad[] = [];
  const whole = rows.flatMap(({ key, part = null, values }) => {
    const bytes = bytesOf(values![image]);
    const name = label === undefined ? null : textOf(values![label]);
    if (bytes !== null && (label === undefined || name !== null)) return [{ key, part, bytes, label: name }];
    bad.push({ key, code: 'SHOAL_DATA_FIELD', reason: 'a row with a missing value' });
    return [];
  });
  const found = whole.map(({ key, part, label: name }, i) => ({ entry: { key, part, at: [i] }, label: name }));
  return blobSource(
    { ...labelled(found, known, bad), bad },
    'image',
    whole.map(({ bytes }) => bytes),
  );
}
