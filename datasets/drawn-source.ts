// drawn-source.ts: a source's images as a reader that decodes them when they are drawn. It reads each file once, for the hash, and decodes none.
import { constants } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ShoalError } from '../base/errors.ts';
import { sharedBytes } from './array-source.ts';
import { contentHash } from './content-hash.ts';
import { reopen } from './drawn-reader.ts';
import { each } from './each.ts';
import type { Recipe } from './image/decode.ts';
import type { MemoryDescription } from './memory-reader.ts';
import { type Field, fieldBytes, type Reader } from './reader.ts';
import type { Entry, Source } from './source.ts';

/** From this size on, pixels are not all held: a rule of the data alone, since the hash of a dataset depends on it. */
const MOST_PIXELS = 2 ** 30;
/** Whether images are decoded when they are drawn. @param samples of all parts */
export const isDrawn = (decode: 'once' | 'drawn' | undefined, samples: number, field: Field): boolean =>
  decode === undefined ? samples * fieldBytes(field) > MOST_PIXELS : decode === 'drawn';

export interface DrawnOptions {
  readonly source: Source;
  readonly entries: readonly Entry[];
  readonly field: Field;
  readonly recipe: Recipe;
  readonly origin: string;
  /** Of the fields beside the image. */
  readonly beside: Pick<MemoryDescription, 'fields' | 'columns' | 'classes'>;
  /** Of its pixels, this many bytes may be kept. */
  readonly room: number;
  /** What decodes them: image/decoder.ts. */
  readonly decoder: string;
}

/** @throws {ShoalError} SHOAL_DATA_* of the source */
export async function openDrawn(options: DrawnOptions): Promise<Reader> {
  const { source, entries, field, recipe, origin, beside, room, decoder } = options;
  const size = fieldBytes(field);
  const places = Math.min(entries.length, Math.floor(room / size));
  const coder = new TextEncoder();
  const packed = entries.map((entry) => coder.encode(JSON.stringify(entry)));
  const starts = new Float64Array(new SharedArrayBuffer(8 * (entries.length + 1)));
  packed.forEach((bytes, i) => {
    starts[i + 1] = starts[i]! + bytes.length;
  });
  return reopen({
    fields: { image: field, ...beside.fields },
    length: entries.length,
    classes: beside.classes,
    hash: await hashOf(options),
    columns: beside.columns,
    images: { source: source.share(), entries: sharedBytes(packed), starts, field, recipe, origin },
    decoder,
    pixels: new SharedArrayBuffer(places * size),
    kept: new Int32Array(new SharedArrayBuffer(4 * places)),
  });
}

/** Of the encoded images, what becomes of them, and what is beside them. What decodes them is compared apart: Reader.decoder. */
async function hashOf({ source, entries, field, recipe, beside }: DrawnOptions): Promise<string> {
  const contents = new Array<string>(entries.length);
  await each(entries, 16, async (entry, i) => {
    contents[i] = contentHash(await source.load(entry));
  });
  const names = Object.keys(beside.fields).sort();
  const header = ['image', ...names].map((name) => [name, name === 'image' ? field : beside.fields[name]]);
  const hash = createHash('sha256').update(JSON.stringify(['drawn', entries.length, header, recipe, contents]));
  for (const name of names) hash.update(new Uint8Array(beside.columns[name]!));
  return hash.digest('hex');
}

/** Bytes of pixels that both parts may keep: MiB of SHOAL_PIXELS_MIB, or a quarter of the memory that is available now. @throws SHOAL_USAGE */
export function roomForPixels(env: Readonly<Record<string, string | undefined>> = process.env): number {
  const given = env['SHOAL_PIXELS_MIB'];
  if (given === undefined) return Math.min(constants.MAX_LENGTH, Math.floor(process.availableMemory() / 4));
  if (/^\d+$/.test(given)) return Math.min(constants.MAX_LENGTH, Number(given) * 2 ** 20);
  throw new ShoalError({
    code: 'SHOAL_USAGE',
    operation: 'read how many pixels may be kept',
    got: `SHOAL_PIXELS_MIB=${given}`,
    expected: 'a whole number of MiB',
    hint: 'Leave SHOAL_PIXELS_MIB out: then it is a quarter of the memory that is available.',
  });
}
