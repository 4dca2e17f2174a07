// idx.ts: a directory in the format of MNIST's files (IDX), gzipped or not: MNIST, Fashion-MNIST, KMNIST, your own.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { isThere, isUrl, readAll, within } from '../files.ts';
import { checkLabels, readerFromArrays } from '../from-arrays.ts';
import type { Reader } from '../reader.ts';
import { defineReader } from './define.ts';
import { parseIdx } from './idx-format.ts';

const schema = strict({
  reader: z.literal('idx'),
  /** The directory, relative to the working directory; or its URL. */
  path: z.string().min(1),
  /** Labels are 0 to classes - 1. By default the training labels' largest, and one. */
  classes: z.int().min(1).max(256).optional(),
});

export const idx = defineReader({
  schema,
  async open({ path, classes }) {
    const directory = isUrl(path) ? path : resolve(path);
    const train = await readPart(directory, 'train');
    const test = await readPart(directory, 't10k');
    const count = classes ?? 1 + train.labels.reduce((largest, label) => Math.max(largest, label), 0);
    if (String(train.shape) !== String(test.shape)) {
      throw new ShoalError({
        code: 'SHOAL_DATA_COUNT',
        operation: `read ${test.imagesPath}`,
        got: `images of ${test.shape.join(' x ')}`,
        expected: `${train.shape.join(' x ')}, as in ${train.imagesPath}`,
        hint: 'Training and test images must have one size.',
      });
    }
    return { train: toReader(train, count), test: toReader(test, count) };
  },
});

interface Part {
  readonly imagesPath: string;
  readonly labelsPath: string;
  readonly shape: readonly number[];
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

async function readPart(directory: string, part: 'train' | 't10k'): Promise<Part> {
  const imagesPath = await find(directory, part, 'images', 3);
  const labelsPath = await find(directory, part, 'labels', 1);
  const images = parseIdx(await readBytes(imagesPath), 3, imagesPath);
  const labels = parseIdx(await readBytes(labelsPath), 1, labelsPath);
  if (images.dimensions[0] !== labels.dimensions[0]) {
    throw new ShoalError({
      code: 'SHOAL_DATA_COUNT',
      operation: `read ${labelsPath}`,
      got: `${labels.dimensions[0]} labels`,
      expected: `${images.dimensions[0]}, one for each image of ${imagesPath}`,
      hint: 'The two files do not belong together.',
    });
  }
  const [, rows, columns] = images.dimensions;
  return { imagesPath, labelsPath, shape: [rows!, columns!, 1], images: images.data, labels: labels.data };
}

function toReader({ imagesPath, labelsPath, shape, images, labels }: Part, classes: number): Reader {
  checkLabels(labels, classes, labelsPath);
  return readerFromArrays({
    fields: { image: { shape, dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: { image: images, label: Int32Array.from(labels) },
    classes,
    origin: imagesPath,
  });
}

/** MNIST's own names, with `-` or `.` before "idx". @throws {ShoalError} SHOAL_DATA_MISSING */
async function find(directory: string, part: string, what: string, dimensions: number): Promise<string> {
  const names = ['-', '.'].flatMap((mark) => {
    const name = `${part}-${what}${mark}idx${dimensions}-ubyte`;
    return [name, `${name}.gz`];
  });
  for (const name of names) if (await isThere(within(directory, name))) return within(directory, name);
  throw new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: `open the dataset in ${directory}`,
    got: isUrl(directory) || existsSync(directory) ? `no file of ${part} ${what}` : 'no such directory',
    expected: `one of ${names.join(', ')}`,
    hint: "Debian's package dataset-fashion-mnist, for one, puts such files into /usr/share/datasets/fashion-mnist.",
  });
}

/** The file's bytes, decompressed if its name ends in .gz. @throws {ShoalError} SHOAL_DATA_MISSING, _TRUNCATED, _CORRUPT */
async function readBytes(path: string): Promise<Uint8Array> {
  const failed = (code: `SHOAL_${string}`, cause: unknown, expected: string): ShoalError =>
    new ShoalError(
      {
        code,
        operation: `read ${path}`,
        got: cause instanceof Error ? cause.message : String(cause),
        expected,
        hint: 'Fetch the file again.',
      },
      { cause },
    );
  let bytes: Uint8Array;
  try {
    bytes = isUrl(path) ? await readAll(path) : readFileSync(path);
  } catch (cause) {
    if (cause instanceof ShoalError) throw cause;
    throw failed('SHOAL_DATA_MISSING', cause, 'a file that can be read');
  }
  if (!path.endsWith('.gz')) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    const cut = (cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
    throw failed(cut ? 'SHOAL_DATA_TRUNCATED' : 'SHOAL_DATA_CORRUPT', cause, 'a whole gzip file');
  }
}
