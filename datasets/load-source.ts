// load-source.ts: a source's samples as a Dataset to train on: decoded once into shared memory, or when they are drawn (drawn-source.ts). Preparation (prepare/) never holds them all.
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { ShoalError } from '../base/errors.ts';
import { isDrawn, openDrawn, roomForPixels } from './drawn-source.ts';
import { each } from './each.ts';
import { readerFromArrays } from './from-arrays.ts';
import type { Recipe } from './image/decode.ts';
import { describeDecoder } from './image/decoder.ts';
import { rowOf } from './image-row.ts';
import type { MemoryDescription } from './memory-reader.ts';
import { type PlaceFields, placeFields } from './places.ts';
import { type Dataset, type Field, fieldBytes, type Reader } from './reader.ts';
import type { Entry, Loader, Source } from './source.ts';
import { splitEntries } from './split.ts';

/** Keys of every reader whose samples are images in files of any size. */
export const imageKeys = {
  /** Rows and columns that every image is brought to. */
  size: z.tuple([z.int().positive(), z.int().positive()]).optional(),
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  /** How: cut the middle out, put white borders around, or stretch. */
  fit: z.enum(['cover', 'contain', 'fill']).default('cover'),
  /** once: all when the data are opened, held in memory. drawn: each when it is drawn. Default: drawn where pixels take more than 1 GiB. */
  decode: z.enum(['once', 'drawn']).optional(),
};

/** Keys of every reader whose data may come without a held-out part. */
export const splitKeys = {
  /** Share that is held out, of what the data do not hold out themselves. */
  test: z.number().min(0).max(0.9).default(0.2),
  /** Which samples those are. Apart from the job's seed, so that runs with other seeds are measured on the same ones. */
  splitSeed: z.int().nonnegative().default(0),
};

export interface LoadOptions {
  readonly size?: readonly [rows: number, columns: number] | undefined;
  readonly channels?: 1 | 3;
  readonly fit?: 'cover' | 'contain' | 'fill';
  readonly decode?: 'once' | 'drawn' | undefined;
  readonly test?: number;
  readonly splitSeed?: number;
  /** Of a sample, where the labels are those of boxes. */
  readonly boxes?: number | undefined;
}

/**
 * Splits, reads and decodes; closes the source. Held out is the part `test`, else `validation`, else a share drawn by `splitSeed`.
 * @throws {ShoalError} SHOAL_DATA_SAMPLE naming the first sample that cannot be read, SHOAL_DATA_LABEL, SHOAL_DATA_EMPTY, SHOAL_SHAPE
 */
export async function loadSource(source: Source, origin: string, options: LoadOptions): Promise<Dataset> {
  try {
    if (source.bad.length > 0) throw badSamples(source, origin);
    const labelled = source.classes !== null && source.places === undefined;
    const entries = labelled ? source.entries.filter(({ label }) => label !== null) : source.entries;
    if (labelled && entries.length < source.entries.length) throw unlabelled(source, origin);
    const [train, test] = heldOut(entries, options);
    if (train.length === 0 || test.length === 0) throw tooFew(origin, train.length, test.length);
    const recipe = recipeOf(options);
    const first = await rowOf(source, train[0]!, origin, recipe);
    const field: Field = { shape: first.shape, dtype: first.dtype };
    const places = source.places === undefined ? null : placeFields(source, field, options.boxes);
    const sized = first.decoded ? recipe : recipeOf({});
    const beside = async (part: readonly Entry[]) =>
      places ? { ...(await besideOf(part, places, sized)), classes: source.classes!.length } : labelsOf(source, part);
    if (first.decoded && isDrawn(options.decode, train.length + test.length, field)) {
      const decoder = await describeDecoder(recipe);
      let room = roomForPixels();
      const drawn = async (entries: readonly Entry[]): Promise<Reader> => {
        const about = { source, entries, field, recipe, origin, decoder, room };
        const reader = await openDrawn({ ...about, beside: await beside(entries) });
        room = Math.max(0, room - entries.length * fieldBytes(field));
        return reader;
      };
      return { train: await drawn(train), test: await drawn(test) };
    }
    const decoded = async (entries: readonly Entry[]): Promise<Reader> => {
      const { fields, columns, classes } = await beside(entries);
      const image = await imagesOf(source, entries, field, recipe, origin);
      const data = { image, ...mapped(columns, (buffer) => new Uint8Array(buffer)) };
      return readerFromArrays({ fields: { image: field, ...fields }, data, classes, origin });
    };
    return { train: await decoded(train), test: await decoded(test) };
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

/** What is beside the images, in shared memory. */
type Beside = Pick<MemoryDescription, 'fields' | 'columns' | 'classes'>;

function labelsOf({ classes }: Source, entries: readonly Entry[]): Beside {
  if (classes === null) return { fields: {}, columns: {}, classes: null };
  const label = new Int32Array(new SharedArrayBuffer(4 * entries.length));
  label.set(entries.map((entry) => entry.label!));
  const fields = { label: { shape: [], dtype: 'i32' } } as const;
  if (entries[0]?.weight === undefined) return { fields, columns: { label: label.buffer }, classes: classes.length };
  const weight = new Float32Array(new SharedArrayBuffer(4 * entries.length));
  weight.set(entries.map((entry) => entry.weight!));
  return {
    fields: { ...fields, weight: { shape: [], dtype: 'f32' } },
    columns: { label: label.buffer, weight: weight.buffer },
    classes: classes.length,
  };
}

async function besideOf(
  entries: readonly Entry[],
  places: PlaceFields,
  recipe: Recipe,
): Promise<Omit<Beside, 'classes'>> {
  const rows = mapped(places.fields, (field) => {
    const size = fieldBytes(field);
    return { size, bytes: new Uint8Array(new SharedArrayBuffer(size * entries.length)) };
  });
  await each(entries, lanes(), async (entry, i) => {
    const values = await places.of(entry, recipe);
    for (const [name, { size, bytes }] of Object.entries(rows)) {
      const { buffer, byteOffset, byteLength } = values[name]!;
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), i * size);
    }
  });
  return { fields: places.fields, columns: mapped(rows, ({ bytes }) => bytes.buffer) };
}

/** All pixels. */
async function imagesOf(
  loader: Loader,
  entries: readonly Entry[],
  field: Field,
  recipe: Recipe,
  origin: string,
): Promise<Uint8Array> {
  const size = fieldBytes(field);
  const image = new Uint8Array(new SharedArrayBuffer(size * entries.length));
  await each(entries, lanes(), async (entry, i) => {
    image.set((await rowOf(loader, entry, origin, recipe, field)).bytes, i * size);
  });
  return image;
}

/** Images decoded at once: the decoding itself is done by sharp's threads. */
const lanes = (): number => Math.min(16, 2 * availableParallelism());

const mapped = <A, B>(all: Readonly<Record<string, A>>, of: (one: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, of(one)]));

const badSamples = ({ bad }: Source, origin: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_SAMPLE',
    operation: `read ${origin}`,
    got: `${bad.length} bad samples, the first ${bad[0]!.key}: ${bad[0]!.reason}`,
    expected: 'good ones alone',
    hint: 'Correct or remove them. `shoal data prep` lists all such samples, and leaves them out.',
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
