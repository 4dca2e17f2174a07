// masks.ts: images with a class for each pixel, as the Oxford pets have them: images/x.jpg and a PNG of the same name in another folder.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { decodeMask, MOST_CLASSES } from '../image/mask.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { type Bad, byCodeUnits, type Content, type Entry, type Loader, type Part, type Source } from '../source.ts';
import { defineReader } from './define.ts';
import { reopenSource as openFolder } from './folder.ts';

const schema = strict({
  reader: z.literal('masks'),
  /** The folder that both folders are in; relative to the working directory. */
  path: z.string().min(1),
  /** Of images, within it. Default: images, or JPEGImages. */
  images: z.string().min(1).optional(),
  /** Of masks, within it. Default: the first that is there of annotations/trimaps, masks, labels, SegmentationClass. */
  masks: z.string().min(1).optional(),
  /** Bytes of the masks, or indices into their palette, in the order of the classes. */
  values: z.array(z.int().min(0).max(255)).min(2).max(MOST_CLASSES).default([1, 2, 3]),
  ...imageKeys,
  ...splitKeys,
});

export const masks = defineReader({
  schema,
  scan: async (config) => scanMasks(resolve(config.path), config),
  open: async (config) => loadSource(scanMasks(resolve(config.path), config), config.path, config),
});

/** Of the Oxford pets, Pascal VOC, and others. */
const IMAGES = ['images', 'JPEGImages'];
const MASKS = ['annotations/trimaps', 'masks', 'labels', 'SegmentationClass'];
/** Lists of the names of each part, as Oxford's are, and Pascal VOC's. */
const LISTS: readonly (readonly [file: string, part: Part])[] = [
  ['annotations/trainval.txt', 'train'],
  ['annotations/test.txt', 'test'],
  ['ImageSets/Segmentation/train.txt', 'train'],
  ['ImageSets/Segmentation/val.txt', 'validation'],
];
const HIDDEN = /^\./;
const stem = (name: string): string => name.replace(/\.[^.]*$/, '');

/** @throws {ShoalError} SHOAL_DATA_MISSING */
function scanMasks(
  root: string,
  config: { images?: string | undefined; masks?: string | undefined; values: readonly number[] },
): Source {
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
  const images = folderOf(config.images === undefined ? IMAGES : [config.images], 'images');
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
    if (parts.size > 0 && part === null) continue; // of another task: only what the lists name counts
    if (mask !== undefined) entries.push({ key, part, label: null, meta: { mask } });
    else bad.push({ key, code: 'SHOAL_DATA_LABEL', reason: 'an image without a mask' });
  }
  const description: MaskedFolder = { root, folder: join(root, folder), values: config.values };
  return {
    entries,
    classes: config.values.map(String),
    places: 'mask',
    bad,
    ...reopenSource(description),
    share: () => ({ module: workerFile('./masks', import.meta.url), description }),
  };
}

const namesIn = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split(/\r?\n/)
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(' ', 1)[0]!)
    : [];

/** What reads the images and the masks of a folder. */
interface MaskedFolder {
  readonly root: string;
  /** Of the masks. */
  readonly folder: string;
  readonly values: readonly number[];
}

export function reopenSource({ root, folder, values }: MaskedFolder): Loader {
  const images = openFolder(root);
  const masks = openFolder(folder);
  const maskOf = ({ meta }: Entry): Entry => ({ key: meta!['mask'] as string, part: null, label: null });
  return {
    ...images,
    files: (entry) => [...images.files!(entry), ...masks.files!(maskOf(entry))],
    async mask(entry) {
      const { key } = maskOf(entry);
      const content = (await masks.load(maskOf(entry))) as Extract<Content, { kind: 'image' }>;
      return decodeMask(content.bytes, join(folder, key), (byte) => values.indexOf(byte)); // NOTHING where there is none
    },
  };
}
