// coco.ts: images with boxes, as COCO's detection files have them: instances.json beside folders of images. No masks, no keypoints.
// Source: https://cocodataset.org/#format-data
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { check } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { BOX, moveBoxes, moveOfPlacement, NOTHING } from '../annotations.ts';
import { placementOf } from '../image/placement.ts';
import { type Columns, imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { type Bad, byCodeUnits, type Entry, type Part, partOf, type Source } from '../source.ts';
import { defineReader } from './define.ts';
import { reopenSource } from './folder.ts';

const schema = z.strictObject({
  reader: z.literal('coco'),
  /** A folder with annotations/instances_NAME.json and NAME/ for each part, or one such file, its images beside it. */
  path: z.string().min(1),
  /** Boxes of a sample; what has fewer is filled up with the label -1. Default: as many as any image has. */
  boxes: z.int().min(1).max(1000).optional(),
  ...imageKeys,
  ...splitKeys,
});

export const coco = defineReader({
  schema,
  scan: async ({ path }) => scanCoco(resolve(path)),
  async open(config) {
    const source = await scanCoco(resolve(config.path));
    return loadSource(source, config.path, config, () => columnsOf(source, config.boxes));
  },
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

/** Of an image, in an entry's `meta`. */
interface Boxed {
  readonly rows: number;
  readonly columns: number;
  /** x and y of the corner, width, height; pixels of the file. */
  readonly boxes: readonly (readonly [number, number, number, number])[];
  readonly labels: readonly number[];
}

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FORMAT */
async function scanCoco(path: string): Promise<CocoSource> {
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
    const boxes = new Map(file.images.map(({ id }) => [id, [] as { box: Boxed['boxes'][number]; label: number }[]]));
    for (const [i, { id = i, image_id, category_id, bbox, iscrowd }] of file.annotations.entries()) {
      const of = boxes.get(image_id);
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
      const own = boxes.get(id)!;
      const meta: Boxed = {
        rows: height,
        columns: width,
        boxes: own.map(({ box }) => box),
        labels: own.map(({ label }) => label),
      };
      const inside = !key.split('/').includes('..') && !key.startsWith('/');
      if (!inside) bad.push({ key, code: 'SHOAL_DATA_PATH', reason: 'a path that climbs out of its folder' });
      else if (!existsSync(join(root, key)))
        bad.push({ key, code: 'SHOAL_DATA_MISSING', reason: 'an image that is not there' });
      else entries.push({ key, part, label: null, meta: { ...meta } });
    }
  }
  return {
    entries: entries.sort((a, b) => byCodeUnits(a.key, b.key)),
    classes: null,
    unkept: 'boxes',
    bad,
    ...reopenSource(root),
    share: () => ({ module: workerFile('./folder', import.meta.url), description: root }),
    boxClasses: classes ?? [],
  };
}

/** Classes are those of boxes, not of samples. */
interface CocoSource extends Source {
  readonly boxClasses: readonly string[];
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

function columnsOf({ boxClasses, entries }: CocoSource, wanted: number | undefined): Columns {
  const most = entries.reduce((n, { meta }) => Math.max(n, (meta as unknown as Boxed).labels.length), 1);
  const count = wanted ?? most;
  return {
    fields: { label: { shape: [count], dtype: 'i32' }, boxes: { shape: [count, BOX], dtype: 'f32' } },
    classes: boxClasses.length,
    async of({ meta }, recipe) {
      const { rows, columns, boxes: own, labels } = meta as unknown as Boxed;
      const label = new Int32Array(Math.max(count, labels.length)).fill(NOTHING);
      label.set(labels);
      const boxes = new Float32Array(BOX * label.length);
      own.forEach((box, i) => {
        boxes.set(box, BOX * i);
      });
      moveBoxes(boxes, label, moveOfPlacement(placementOf(recipe, rows, columns)));
      return firstBoxes(boxes, label, count);
    },
  };
}

/** What is left of them, the largest first. */
function firstBoxes(boxes: Float32Array, label: Int32Array, count: number) {
  const area = (i: number): number => boxes[BOX * i + 2]! * boxes[BOX * i + 3]!;
  const order = [...label.keys()].filter((i) => label[i] !== NOTHING).sort((a, b) => area(b) - area(a) || a - b);
  const kept = { label: new Int32Array(count).fill(NOTHING), boxes: new Float32Array(BOX * count) };
  order.slice(0, count).forEach((from, i) => {
    kept.label[i] = label[from]!;
    kept.boxes.set(boxes.subarray(BOX * from, BOX * (from + 1)), BOX * i);
  });
  return kept;
}

const otherClasses = (json: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `read ${json}`,
    got: 'other categories than in the file before it',
    expected: 'the same in both parts',
    hint: 'Give both files the same list.',
  });
