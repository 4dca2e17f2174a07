// masks.ts: images with a class for each pixel, as the Oxford pets have them: images/x.jpg and a grey PNG of the same name in another folder.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { moveMask, moveOfPlacement, NOTHING } from '../annotations.ts';
import { decodeImage } from '../image/decode.ts';
import { placementOf } from '../image/placement.ts';
import { type Columns, imageKeys, loadSource, splitKeys } from '../load-source.ts';
import type { Field } from '../reader.ts';
import { type Bad, byCodeUnits, type Entry, type Part, type Source } from '../source.ts';
import { defineReader } from './define.ts';
import { reopenSource } from './folder.ts';

const schema = z.strictObject({
  reader: z.literal('masks'),
  /** The folder that both folders are in; relative to the working directory. */
  path: z.string().min(1),
  /** Of images, within it. */
  images: z.string().min(1).default('images'),
  /** Of masks, within it. Default: the first that is there of annotations/trimaps, masks, labels. */
  masks: z.string().min(1).optional(),
  /** Bytes of the masks, in the order of the classes. */
  values: z.array(z.int().min(0).max(255)).min(2).default([1, 2, 3]),
  ...imageKeys,
  ...splitKeys,
});

export const masks = defineReader({
  schema,
  scan: async (config) => scanMasks(resolve(config.path), config).source,
  async open(config) {
    const { source, folder } = scanMasks(resolve(config.path), config);
    return loadSource(source, config.path, config, (image) => columnsOf(folder, image, config.values));
  },
});

const MASKS = ['annotations/trimaps', 'masks', 'labels'];
/** Lists of the names of each part, as Oxford's are. */
const LISTS: readonly (readonly [file: string, part: Part])[] = [
  ['annotations/trainval.txt', 'train'],
  ['annotations/test.txt', 'test'],
];
const HIDDEN = /^\./;
const stem = (name: string): string => name.replace(/\.[^.]*$/, '');

/** @throws {ShoalError} SHOAL_DATA_MISSING */
function scanMasks(root: string, config: { images: string; masks?: string | undefined }) {
  const folderOf = (names: readonly string[], what: string): string => {
    const found = names.find((name) => existsSync(join(root, name)) && statSync(join(root, name)).isDirectory());
    if (found !== undefined) return found;
    throw new ShoalError({
      code: 'SHOAL_DATA_MISSING',
      operation: `open ${root}`,
      got: `no folder of ${what}`,
      expected: names.join(', or '),
      hint: 'Name it: the options are "images" and "masks".',
    });
  };
  const images = folderOf([config.images], 'images');
  const folder = folderOf(config.masks === undefined ? MASKS : [config.masks], 'masks');
  const masks = new Map<string, string>();
  for (const name of readdirSync(join(root, folder)).sort(byCodeUnits))
    if (!HIDDEN.test(name)) masks.set(stem(name), name);
  const parts = new Map<string, Part>();
  for (const [file, part] of LISTS) for (const name of namesIn(join(root, file))) parts.set(name, part);
  const bad: Bad[] = [];
  const entries: Entry[] = [];
  for (const name of readdirSync(join(root, images)).sort(byCodeUnits)) {
    if (HIDDEN.test(name) || !/\.(jpe?g|png|webp|gif|tiff?|avif)$/i.test(name)) continue; // Oxford has .mat files there
    const key = `${images}/${name}`;
    const mask = masks.get(stem(name));
    const part = parts.get(stem(name)) ?? null;
    if (mask !== undefined && (parts.size === 0 || part !== null))
      entries.push({ key, part, label: null, meta: { mask } });
    else if (mask === undefined) bad.push({ key, code: 'SHOAL_DATA_LABEL', reason: 'an image without a mask' });
  }
  const source: Source = {
    entries,
    classes: null, // of pixels, not of samples
    unkept: 'masks',
    bad,
    ...reopenSource(root),
    share: () => ({ module: workerFile('./folder', import.meta.url), description: root }),
  };
  return { source, folder: join(root, folder) };
}

const namesIn = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split(/\r?\n/)
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(' ', 1)[0]!)
    : [];

function columnsOf(folder: string, { shape: [rows, columns] }: Field, values: readonly number[]): Columns {
  return {
    fields: { label: { shape: [rows! * columns!], dtype: 'i32' } },
    classes: values.length,
    async of({ meta }, recipe) {
      const name = meta!['mask'] as string;
      const origin = join(folder, name);
      const plain = { resize: null, crop: null, channels: 3 } as const;
      const mask = await decodeImage(await readFile(origin), origin, plain);
      const label = classesOf(mask.data, values, origin);
      const placement = placementOf(recipe, mask.rows, mask.columns);
      return { label: moveMask(label, mask.rows, mask.columns, moveOfPlacement(placement)) };
    },
  };
}

/** (pixels): the class of each; NOTHING for bytes that are none. @throws {ShoalError} SHOAL_DATA_FORMAT for colours */
function classesOf(data: Uint8Array, values: readonly number[], origin: string): Int32Array {
  const label = new Int32Array(data.length / 3);
  for (let i = 0; i < label.length; i++) {
    const value = data[3 * i]!;
    if (value !== data[3 * i + 1] || value !== data[3 * i + 2]) throw coloured(origin);
    const found = values.indexOf(value);
    label[i] = found < 0 ? NOTHING : found;
  }
  return label;
}

const coloured = (origin: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FORMAT',
    operation: `read ${origin}`,
    got: 'colours',
    expected: 'a grey image whose bytes are classes',
    hint: 'Masks with a palette must be written as grey first.',
  });
