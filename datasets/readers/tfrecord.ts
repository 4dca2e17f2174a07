// tfrecord.ts: TFRecord files of Example messages: an encoded image, raw pixels with a shape, or floats, and a label. Records: formats/tf-record.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { openFile, type RandomFile } from '../files.ts';
import { type Example, indexRecords, parseExample, readRecordData } from '../formats/tf-record.ts';
import { decodeMask, ownClass } from '../image/mask.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { unpacked } from '../next-ids.ts';
import { boxOfEdges, placeKeys } from '../places.ts';
import type { Bad, Content, Entry, Loader, Source } from '../source.ts';
import { labelled } from './class-names.ts';
import { defineReader } from './define.ts';
import { locationsOf, manifestOf, nameOf, partOfFile } from './locations.ts';
import { type Marked, type NamedBoxes, placesOf, withPlaces } from './marked.ts';

const schema = strict({
  reader: z.literal('tfrecord'),
  /** A file, several by braces, or a folder of files named .tfrecord or .tfrecords; or the URL of a file. */
  path: z.string().min(1),
  ...imageKeys,
  ...placeKeys,
  ...splitKeys,
});

export const tfrecord = defineReader({
  schema,
  scan: ({ path }) => scanAt(path),
  open: async (config) =>
    unpacked(await loadSource(await scanAt(config.path), config.path, config), manifestOf(config.path)),
});

/** Names of features elsewhere; the first that is there counts. */
const IMAGES = ['image/encoded', 'image', 'image_raw', 'jpg', 'png'];
const LABELS = ['image/class/label', 'label', 'class', 'target'];
const FLOATS = ['features', 'x', 'values'];
/** Of a text, and of its tokens. */
const [TEXT, IDS] = ['text', 'ids'];

const find = (path: string) => locationsOf(path, /\.tfrecords?(-\d+-of-\d+)?$/, '.tfrecord or .tfrecords');

const scanAt = (path: string): Promise<Source> => scanRecords(find(path), manifestOf(path));

async function scanRecords(locations: readonly string[], manifest: ReturnType<typeof manifestOf>): Promise<Source> {
  const loader = reopenSource(locations);
  const bad: Bad[] = [];
  const found: Marked[] = [];
  for (const [at, location] of locations.entries()) {
    const short = nameOf(location);
    const part = partOfFile(location);
    const file = await loader.file(at);
    const { records, problem } = await indexRecords(file);
    if (problem !== null) bad.push({ key: short, code: 'SHOAL_DATA_TRUNCATED', reason: problem });
    for (const [i, record] of records.entries()) {
      const key = `${short}#${String(i).padStart(8, '0')}`;
      const example = exampleOf(await readRecordData(file, record));
      if (typeof example === 'string') bad.push({ key, code: 'SHOAL_DATA_CORRUPT', reason: example });
      else {
        const label = labelOf(example);
        const boxes = label === null ? boxesOf(example) : null;
        const entry = { key, part, at: [at, record.at, record.size] };
        found.push({ entry, label, boxes, mask: label === null && maskOf(example) !== null });
      }
    }
  }
  const about = {
    bad,
    ...loader,
    share: () => ({ module: workerFile('./tfrecord', import.meta.url), description: locations }),
  };
  const places = manifest ? manifest.places : placesOf(found);
  if (places !== undefined) return withPlaces(about, found, places, manifest?.classes ?? null);
  return { ...about, ...labelled(found, manifest?.classes ?? null, bad) };
}

/** Or what is wrong with it. */
function exampleOf(data: Uint8Array | null): Example | string {
  if (data === null) return 'a record whose checksum is wrong';
  try {
    return parseExample(data);
  } catch {
    return 'a record that is no Example';
  }
}

function labelOf(example: Example): string | null {
  const feature = LABELS.map((name) => example[name]).find((one) => one !== undefined);
  if (feature === undefined) return null;
  const value = 'bytes' in feature ? feature.bytes[0] : 'ints' in feature ? feature.ints[0] : feature.floats[0];
  return value === undefined ? null : value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
}

const intsOf = (example: Example, name: string): readonly number[] => {
  const feature = example[name];
  return feature && 'ints' in feature ? feature.ints : [];
};

/** Edges are shares of the image, as TensorFlow's models have them. Null without any. */
function boxesOf(example: Example): NamedBoxes | null {
  const [xmin, xmax, ymin, ymax] = ['xmin', 'xmax', 'ymin', 'ymax'].map((edge) => {
    const feature = example[`image/object/bbox/${edge}`];
    return feature && ('floats' in feature ? feature.floats : []);
  });
  const [rows] = intsOf(example, 'image/height');
  const [columns] = intsOf(example, 'image/width');
  if (!xmin || !xmax || !ymin || !ymax || !rows || !columns) return null;
  const boxes = xmin.map((x, i) => boxOfEdges(x * columns, ymin[i]! * rows, xmax[i]! * columns, ymax[i]! * rows));
  const texts = example['image/object/class/text'];
  const names = texts && 'bytes' in texts ? texts.bytes.map((text) => new TextDecoder().decode(text)) : null;
  return { rows, columns, boxes, labels: intsOf(example, 'image/object/class/label'), names };
}

function maskOf(example: Example): Uint8Array | null {
  const feature = example['image/segmentation/class/encoded'];
  return feature && 'bytes' in feature ? (feature.bytes[0] ?? null) : null;
}

export function reopenSource(locations: readonly string[]): Loader & { file(at: number): Promise<RandomFile> } {
  const files = new Map<number, Promise<RandomFile>>();
  const file = (at: number): Promise<RandomFile> => {
    const known = files.get(at) ?? openFile(locations[at]!);
    files.set(at, known);
    return known;
  };
  const example = async ({ at }: Entry): Promise<Example | string> => {
    const [number, offset, size] = at as [number, number, number];
    return exampleOf(await readRecordData(await file(number), { at: offset, size }));
  };
  return {
    file,
    load: async (entry) => contentOf(await example(entry), entry.key),
    async mask(entry) {
      const found = await example(entry);
      if (typeof found === 'string') throw damaged(entry, found);
      return decodeMask(maskOf(found)!, `the mask of ${entry.key}`, ownClass);
    },
    files: ({ at }: Entry) => [locations[at![0]!]!],
    async close() {
      const opened = [...files.values()];
      files.clear();
      for (const one of opened) await (await one).close();
    },
  };
}

/** Raw pixels have a feature `shape` (or height, width, depth) beside them. */
function contentOf(example: Example | string, key: string): Content {
  const problem = (got: string) =>
    new ShoalError({
      code: 'SHOAL_DATA_FIELD',
      operation: `read ${key}`,
      got,
      expected: `an image (${IMAGES.join(', ')}), floats (${FLOATS.join(', ')}), ${TEXT} or ${IDS}`,
      hint: 'docs/data.md names the features that are known.',
    });
  if (typeof example === 'string') throw problem(example);
  const ints = (name: string) => intsOf(example, name);
  for (const name of IMAGES) {
    const feature = example[name];
    const bytes = feature && 'bytes' in feature ? feature.bytes[0] : undefined;
    if (bytes === undefined) continue;
    const shape = ints('shape').length > 0 ? ints('shape') : [...ints('height'), ...ints('width'), ...ints('depth')];
    const raw = shape.length === 3 && shape.reduce((a, b) => a * b, 1) === bytes.length;
    return raw ? { kind: 'array', shape, data: bytes.slice() } : { kind: 'image', bytes: bytes.slice() };
  }
  for (const name of FLOATS) {
    const feature = example[name];
    if (!feature || !('floats' in feature)) continue;
    const shape = ints('shape').length > 0 ? ints('shape') : [feature.floats.length];
    if (shape.reduce((a, b) => a * b, 1) !== feature.floats.length)
      throw problem(`${feature.floats.length} floats with the shape [${shape.join(', ')}]`);
    return { kind: 'array', shape, data: Float32Array.from(feature.floats) };
  }
  const ids = ints(IDS);
  if (ids.length > 0) return { kind: 'array', shape: [ids.length], data: Int32Array.from(ids) };
  const text = example[TEXT];
  const bytes = text && 'bytes' in text ? text.bytes[0] : undefined;
  if (bytes !== undefined) return { kind: 'text', text: new TextDecoder().decode(bytes) };
  throw problem(`the features ${Object.keys(example).join(', ')}`);
}

const damaged = ({ key }: Entry, got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_CORRUPT',
    operation: `read ${key}`,
    got,
    expected: 'the record that was indexed',
    hint: 'Fetch the file again.',
  });
