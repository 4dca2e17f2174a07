// coco.ts: images with boxes, as COCO's detection files have them: instances.json beside folders of images. No masks, no keypoints.
// Source: https://cocodataset.org/#format-data
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { check, strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { placeKeys } from '../places.ts';
import { type Bad, type Box, type Boxes, byCodeUnits, type Entry, type Part, partOf, type Source } from '../source.ts';
import { defineReader } from './define.ts';
import { reopenSource } from './folder.ts';

const schema = strict({
  reader: z.literal('coco'),
  /** A folder with annotations/instances_NAME.json and NAME/ for each part, or one such file, its images beside it. */
  path: z.string().min(1),
  ...placeKeys,
  ...imageKeys,
  ...splitKeys,
});

export const coco = defineReader({
  schema,
  scan: async ({ path }) => scanCoco(resolve(path)),
  open: async (config) => loadSource(await scanCoco(resolve(config.path)), config.path, config),
});

const number = z.number();
/** What is used of the file. */
const fileSchema = z.object({
  images: z.array(z.object({ id: number, file_name: z.string(), width: number, height: number })),
  annotations: z.array(
    z.object({
      id: number.optional(),
      image_id: number,
      category_id: number,
      bbox: z.tuple([number, number, number, number]).optional(),
      iscrowd: number.optional(),
    }),
  ),
  categories: z.array(z.object({ id: number, name: z.string() })),
});

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FORMAT */
async function scanCoco(path: string): Promise<Source> {
  const files = annotationFiles(path);
  const root = files.length === 1 && files[0]!.json === path ? dirname(path) : path;
  const bad: Bad[] = [];
  const entries: Entry[] = [];
  let classes: readonly string[] | null = null;
  for (const { json, images, part } of files) {
    const file = await parsed(json);
    const categories = file.categories.toSorted((a, b) => a.id - b.id);
    const names = categories.map(({ name }) => name);
    if (classes !== null && names.join('\n') !== classes.join('\n')) throw otherClasses(json);
    classes = names;
    const labels = new Map(categories.map(({ id }, label) => [id, label]));
    const byImage = new Map(file.images.map(({ id }) => [id, [] as { box: Box; label: number }[]]));
    for (const [i, { id = i, image_id, category_id, bbox, iscrowd }] of file.annotations.entries()) {
      const of = byImage.get(image_id);
      const label = labels.get(category_id);
      const refuse = (reason: string) =>
        void bad.push({ key: `${basename(json)}: annotation ${id}`, code: 'SHOAL_DATA_LABEL', reason });
      if (iscrowd === 1) continue; // a region of many, without single boxes
      if (!of) refuse('an annotation of an image that the file does not list');
      else if (label === undefined) refuse('an annotation of a category that the file does not list');
      else if (!bbox || !(bbox[2] > 0 && bbox[3] > 0)) refuse('an annotation without a box, or with an empty one');
      else of.push({ box: bbox, label });
    }
    for (const { id, file_name, width, height } of file.images) {
      const key = images === '' ? file_name : `${images}/${file_name}`;
      const own = byImage.get(id)!;
      const boxes: Boxes = {
        rows: height,
        columns: width,
        boxes: own.map(({ box }) => box),
        labels: own.map(({ label }) => label),
      };
      const inside = !key.split('/').includes('..') && !key.startsWith('/');
      if (!inside) bad.push({ key, code: 'SHOAL_DATA_PATH', reason: 'a path that climbs out of its folder' });
      else if (!existsSync(join(root, key)))
        bad.push({ key, code: 'SHOAL_DATA_MISSING', reason: 'an image that is not there' });
      else entries.push({ key, part, label: null, boxes });
    }
  }
  return {
    entries: entries.sort((a, b) => byCodeUnits(a.key, b.key)),
    classes: classes ?? [],
    places: 'boxes',
    bad,
    ...reopenSource(root),
    share: () => ({ module: workerFile('./folder', import.meta.url), description: root }),
  };
}

interface AnnotationFile {
  readonly json: string;
  /** The folder of its images, relative to the root. */
  readonly images: string;
  readonly part: Part | null;
}

function annotationFiles(path: string): AnnotationFile[] {
  const missing = (got: string) =>
    new ShoalError({
      code: 'SHOAL_DATA_MISSING',
      operation: `open ${path}`,
      got,
      expected: 'annotations/instances_NAME.json and folders of images, or one such file',
      hint: 'Paths are relative to the working directory.',
    });
  if (!existsSync(path)) throw missing('nothing there');
  if (!statSync(path).isDirectory()) return [{ json: path, images: '', part: null }];
  const folder = join(path, 'annotations');
  const names = existsSync(folder) ? readdirSync(folder).sort(byCodeUnits) : [];
  const files = names.flatMap((file): AnnotationFile[] => {
    const name = /^instances_(.+)\.json$/.exec(file)?.[1];
    // "train2017" is of the training part
    return name === undefined
      ? []
      : [{ json: join(folder, file), images: name, part: partOf(name.replace(/\d+$/, '')) }];
  });
  if (files.length === 0) throw missing('no such file');
  return files;
}

async function parsed(json: string): Promise<z.output<typeof fileSchema>> {
  let value: unknown = null;
  try {
    value = JSON.parse(await readFile(json, 'utf8'));
  } catch {
    // null is refused below
  }
  return check(fileSchema, value, {
    code: 'SHOAL_DATA_FORMAT',
    operation: `read ${json}`,
    hint: "It must have COCO's images, annotations and categories.",
  });
}

const otherClasses = (json: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `read ${json}`,
    got: 'other categories than in the file before it',
    expected: 'the same in both parts',
    hint: 'Give both files the same list.',
  });
