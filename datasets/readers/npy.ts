// npy.ts: NumPy arrays: x_train, y_train, x_test and y_test as members of an .npz, as Keras' mnist.npz has them, or as .npy files of a folder.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unzipSync } from 'fflate';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { arraySource } from '../array-source.ts';
import { isUrl, readAll } from '../files.ts';
import { damagedMember } from '../formats/zip-sums.ts';
import { loadSource, splitKeys } from '../load-source.ts';
import { type NpyArray, parseNpy } from '../npy.ts';
import type { Bad, Entry, Part, Source } from '../source.ts';
import { defineReader } from './define.ts';

const schema = strict({
  reader: z.literal('npy'),
  /** An .npz file or its URL, or a folder of .npy files. */
  path: z.string().min(1),
  ...splitKeys,
});

export const npy = defineReader({
  schema,
  scan: ({ path }) => scanArrays(path),
  open: async (config) => loadSource(await scanArrays(config.path), config.path, config),
});

/** Names of the arrays of a part; the first pair that is there counts. */
const NAMES: readonly (readonly [x: string, y: string, part: Part | null])[] = [
  ['x_train', 'y_train', 'train'],
  ['x_val', 'y_val', 'validation'],
  ['x_test', 'y_test', 'test'],
  ['x', 'y', null],
  ['images', 'labels', null],
  ['data', 'target', null],
];

interface PartArrays {
  readonly name: string;
  readonly part: Part | null;
  readonly x: NpyArray;
  readonly y: NpyArray;
}

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_COUNT, SHOAL_SHAPE, SHOAL_DATA_CORRUPT and what parseNpy throws */
async function scanArrays(path: string): Promise<Source> {
  const files = await membersOf(path);
  const parts = NAMES.flatMap(([x, y, part]): PartArrays[] => {
    const [images, labels] = [files.get(x), files.get(y)];
    return images && labels
      ? [{ name: x, part, x: parseNpy(images, `${path}: ${x}`), y: parseNpy(labels, `${path}: ${y}`) }]
      : [];
  });
  if (parts.length === 0)
    throw problem(
      'SHOAL_DATA_MISSING',
      path,
      `the arrays ${[...files.keys()].join(', ') || 'none'}`,
      NAMES.map(([x, y]) => `${x} and ${y}`).join(', or '),
    );
  const [first] = parts as [PartArrays];
  const shape = sampleShape(first.x);
  const size = shape.reduce((a, b) => a * b, 1);
  if (size === 0) throw problem('SHOAL_SHAPE', `${path}: ${first.name}`, `samples of [${shape.join(', ')}]`, 'numbers');
  const bytes = first.x.data.BYTES_PER_ELEMENT;
  const total = parts.reduce((sum, { x }) => sum + x.shape[0]!, 0);
  const Type = first.x.data.constructor as Uint8ArrayConstructor;
  const data = new Type(new SharedArrayBuffer(bytes * size * total));
  const entries: Entry[] = [];
  const bad: Bad[] = [];
  let row = 0;
  for (const { name, part, x, y } of parts) {
    const origin = `${path}: ${name}`;
    if (String(sampleShape(x)) !== String(shape) || x.data.constructor !== first.x.data.constructor)
      throw problem(
        'SHOAL_SHAPE',
        origin,
        `samples of [${sampleShape(x).join(', ')}]`,
        `[${shape.join(', ')}], as in ${first.name}`,
      );
    // a column of labels, as Keras has them, is as good as a row
    if (y.shape[0] !== x.shape[0] || y.data.length !== x.shape[0])
      throw problem(
        'SHOAL_DATA_COUNT',
        origin,
        `samples in (${x.shape.join(', ')}) and labels in (${y.shape.join(', ')})`,
        'one label for each sample',
      );
    data.set(x.data as Uint8Array, row * size);
    y.data.forEach((label, i) => {
      const key = `${name}#${String(i).padStart(8, '0')}`;
      if (Number.isInteger(label) && label >= 0 && label < 1e6) entries.push({ key, part, label, at: [row + i] });
      else bad.push({ key, code: 'SHOAL_DATA_LABEL', reason: 'a label that is no whole number from 0 on' });
    });
    row += y.data.length;
  }
  const most = entries.reduce((largest, { label }) => Math.max(largest, label!), 0);
  const classes = Array.from({ length: most + 1 }, (_, i) => String(i));
  return arraySource({ entries, classes, bad }, { shape, data: data as Uint8Array<SharedArrayBuffer> });
}

/** Of one sample; pixels in two dimensions have one channel. */
const sampleShape = ({ shape, data }: NpyArray): readonly number[] => {
  const rest = shape.slice(1);
  return data instanceof Uint8Array && rest.length === 2 ? [...rest, 1] : rest;
};

async function membersOf(path: string): Promise<Map<string, Uint8Array>> {
  if (isUrl(path) || !existsSync(resolve(path)) || !statSync(resolve(path)).isDirectory()) {
    const bytes = await readAll(path);
    const corrupt = (got: string) => problem('SHOAL_DATA_CORRUPT', path, got, 'a whole .npz file');
    let members: Record<string, Uint8Array>;
    let damaged: string | null;
    try {
      members = unzipSync(bytes);
      damaged = damagedMember(bytes, members);
    } catch (cause) {
      throw corrupt(cause instanceof Error ? cause.message : String(cause));
    }
    if (damaged !== null) throw corrupt(`${damaged} with another checksum than the file's directory has`);
    return new Map(Object.entries(members).map(([name, member]) => [name.replace(/\.npy$/, ''), member]));
  }
  const folder = resolve(path);
  const names = readdirSync(folder).filter((name) => name.endsWith('.npy'));
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name.slice(0, -4), await readAll(join(folder, name)));
  return files;
}

const problem = (code: `SHOAL_${string}`, path: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code,
    operation: `read ${path}`,
    got,
    expected,
    hint: 'Write it with numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...).',
  });
