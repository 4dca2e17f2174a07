// cifar.ts: CIFAR-10 and CIFAR-100 in their binary versions: 32 x 32 x 3 pixels. Not the Python pickles.
import { resolve } from 'node:path';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { arraySource, sharedBytes } from '../array-source.ts';
import { isThere, isUrl, readAll, within } from '../files.ts';
import { loadSource } from '../load-source.ts';
import type { Bad, Entry, Part, Source } from '../source.ts';
import { defineReader } from './define.ts';

const schema = strict({
  reader: z.literal('cifar'),
  /** The folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin, or with train.bin and test.bin of CIFAR-100; or its URL. */
  path: z.string().min(1),
  /** Of CIFAR-100: its 100 fine classes, or its 20 coarse ones. */
  labels: z.enum(['fine', 'coarse']).default('fine'),
});

export const cifar = defineReader({
  schema,
  scan: ({ path, labels }) => scanCifar(path, labels),
  async open({ path, labels }) {
    return loadSource(await scanCifar(path, labels), path, {});
  },
});

const SIDE = 32;
const PIXELS = SIDE * SIDE;

interface Kind {
  readonly files: Readonly<Record<string, Part>>;
  /** Bytes before the pixels of a record. */
  readonly labelBytes: number;
  readonly names: string;
  readonly classes: number;
}

const TEN: Kind = {
  files: {
    ...Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, 'train' as const])),
    'test_batch.bin': 'test',
  },
  labelBytes: 1,
  names: 'batches.meta.txt',
  classes: 10,
};
const HUNDRED = { files: { 'train.bin': 'train', 'test.bin': 'test' }, labelBytes: 2 } as const;
const FINE: Kind = { ...HUNDRED, names: 'fine_label_names.txt', classes: 100 };
const COARSE: Kind = { ...HUNDRED, names: 'coarse_label_names.txt', classes: 20 };

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_TRUNCATED */
async function scanCifar(place: string, labels: 'fine' | 'coarse'): Promise<Source> {
  const folder = isUrl(place) ? place : resolve(place);
  const kind = (await isThere(within(folder, 'train.bin'))) ? (labels === 'fine' ? FINE : COARSE) : TEN;
  const record = kind.labelBytes + 3 * PIXELS;
  const entries: Entry[] = [];
  const bad: Bad[] = [];
  const images: Uint8Array[] = [];
  for (const [name, part] of Object.entries(kind.files)) {
    const path = within(folder, name);
    if (!(await isThere(path)))
      throw problem(
        'SHOAL_DATA_MISSING',
        path,
        'nothing there',
        `the ${Object.keys(kind.files).join(', ')} of the binary version`,
      );
    const bytes = await readAll(path);
    if (bytes.length === 0 || bytes.length % record !== 0)
      throw problem('SHOAL_DATA_TRUNCATED', path, `${bytes.length} bytes`, `a multiple of ${record}: label and pixels`);
    for (let at = 0; at < bytes.length; at += record) {
      // coarse label, fine label, or the only one
      const label = bytes[at + (kind === FINE ? 1 : 0)]!;
      const key = `${name}#${String(at / record).padStart(5, '0')}`;
      if (label >= kind.classes)
        bad.push({ key, code: 'SHOAL_DATA_LABEL', reason: 'a label that is no class of the dataset' });
      else {
        entries.push({ key, part, label, at: [images.length] });
        images.push(interleaved(bytes.subarray(at + kind.labelBytes, at + record)));
      }
    }
  }
  return arraySource(
    { entries, classes: await namesOf(folder, kind), bad },
    { shape: [SIDE, SIDE, 3], data: sharedBytes(images) },
  );
}

/** All red, all green, all blue -> red, green, blue of each pixel. */
function interleaved(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * PIXELS);
  for (let i = 0; i < PIXELS; i++)
    for (let channel = 0; channel < 3; channel++) pixels[3 * i + channel] = planes[channel * PIXELS + i]!;
  return pixels;
}

/** As the file beside says, else numbers. */
async function namesOf(folder: string, { names, classes }: Kind): Promise<string[]> {
  const path = within(folder, names);
  const lines = (await isThere(path))
    ? new TextDecoder()
        .decode(await readAll(path))
        .split(/\r?\n/)
        .filter((line) => line !== '')
    : [];
  return lines.length === classes ? lines : Array.from({ length: classes }, (_, i) => String(i));
}

const problem = (code: `SHOAL_${string}`, path: string, got: string, expected: string): ShoalError =>
  new ShoalError({ code, operation: `read ${path}`, got, expected, hint: 'Fetch the file again.' });
