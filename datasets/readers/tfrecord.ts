// tfrecord.ts: TFRecord files of Example messages: an encoded image, raw pixels with a shape, or floats, and a label. Records: formats/tf-record.ts.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { isUrl, openFile, type RandomFile } from '../files.ts';
import { type Example, indexRecords, parseExample, readRecordData } from '../formats/tf-record.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { type Bad, byCodeUnits, type Content, type Entry, type Loader, partOf, type Source } from '../source.ts';
import { defineReader } from './define.ts';
import { braces } from './shards.ts';

const schema = z.strictObject({
  reader: z.literal('tfrecord'),
  /** A file, several by braces, or a folder of files named .tfrecord or .tfrecords; or the URL of a file. */
  path: z.string().min(1),
  ...imageKeys,
  ...splitKeys,
});

export const tfrecord = defineReader({
  schema,
  scan: async ({ path }) => scanRecords(locationsOf(path)),
  open: async (config) => loadSource(await scanRecords(locationsOf(config.path)), config.path, config),
});

/** Names of features elsewhere; the first that is there counts. */
const IMAGES = ['image/encoded', 'image', 'image_raw', 'jpg', 'png'];
const LABELS = ['image/class/label', 'label', 'class', 'target'];
const FLOATS = ['features', 'x', 'values'];

/** @throws {ShoalError} SHOAL_DATA_MISSING */
function locationsOf(path: string): string[] {
  if (isUrl(path)) return braces(path);
  const root = resolve(path);
  if (!existsSync(root) || !statSync(root).isDirectory()) return braces(root);
  const names = readdirSync(root).filter((name) => /\.tfrecords?(-\d+-of-\d+)?$/.test(name));
  if (names.length > 0) return names.sort(byCodeUnits).map((name) => `${root}/${name}`);
  throw new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: `open ${root}`,
    got: 'no records',
    expected: 'files named .tfrecord or .tfrecords',
    hint: 'Give the file itself, where it has another name.',
  });
}

async function scanRecords(locations: readonly string[]): Promise<Source> {
  const loader = reopenSource(locations);
  const bad: Bad[] = [];
  const found: { readonly entry: Omit<Entry, 'label'>; readonly label: string | null }[] = [];
  for (const [at, location] of locations.entries()) {
    const short = location.slice(location.lastIndexOf('/') + 1);
    const part =
      short
        .split(/[-_.]/)
        .map(partOf)
        .find((name) => name !== null) ?? null;
    const file = await loader.file(at);
    const { records, problem } = await indexRecords(file);
    if (problem !== null) bad.push({ key: short, code: 'SHOAL_DATA_TRUNCATED', reason: problem });
    for (const [i, record] of records.entries()) {
      const key = `${short}#${String(i).padStart(8, '0')}`;
      const example = exampleOf(await readRecordData(file, record));
      if (typeof example === 'string') bad.push({ key, code: 'SHOAL_DATA_CORRUPT', reason: example });
      else found.push({ entry: { key, part, at: [at, record.at, record.size] }, label: labelOf(example) });
    }
  }
  const names = [...new Set(found.flatMap(({ label }) => label ?? []))].sort(byCodeUnits);
  const whole = names.every((name) => /^\d{1,6}$/.test(name));
  const most = names.reduce((largest, name) => Math.max(largest, Number(name)), 0);
  const classes = names.length === 0 ? null : whole ? Array.from({ length: most + 1 }, (_, i) => String(i)) : names;
  const entries = found.map(({ entry, label }) => ({
    ...entry,
    label: label === null ? null : classes!.indexOf(label),
  }));
  return {
    entries,
    classes,
    bad,
    load: loader.load,
    close: loader.close,
    share: () => ({ module: workerFile('./tfrecord', import.meta.url), description: locations }),
  };
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

export function reopenSource(locations: readonly string[]): Loader & { file(at: number): Promise<RandomFile> } {
  const files = new Map<number, Promise<RandomFile>>();
  const file = (at: number): Promise<RandomFile> => {
    const known = files.get(at) ?? openFile(locations[at]!);
    files.set(at, known);
    return known;
  };
  return {
    file,
    async load({ key, at }) {
      const [number, offset, size] = at as [number, number, number];
      const example = exampleOf(await readRecordData(await file(number), { at: offset, size }));
      return contentOf(example, key);
    },
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
      expected: `an image (${IMAGES.join(', ')}) or floats (${FLOATS.join(', ')})`,
      hint: 'docs/data.md names the features that are known.',
    });
  if (typeof example === 'string') throw problem(example);
  const ints = (name: string): readonly number[] => {
    const feature = example[name];
    return feature && 'ints' in feature ? feature.ints : [];
  };
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
    if (feature && 'floats' in feature)
      return {
        kind: 'array',
        shape: ints('shape').length > 0 ? ints('shape') : [feature.floats.length],
        data: Float32Array.from(feature.floats),
      };
  }
  throw problem(`the features ${Object.keys(example).join(', ')}`);
}
