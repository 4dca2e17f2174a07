// samples.ts: files given to `shoal predict` as samples for a model: images, .npy and .json arrays. Not datasets.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import type { Fit } from '../../datasets/image/decode.ts';
import { parseNpy } from '../../datasets/npy.ts';
import type { Dtype } from '../../datasets/reader.ts';
import { shapeText } from '../../trainer/layers/common.ts';
import { elements } from '../../trainer/model.ts';
import { readImage } from './image.ts';

/** Samples of one file. Bytes are pixels from 0 to 255, as datasets have them; f32 is taken as it is. */
export interface Samples {
  readonly count: number;
  readonly data: Uint8Array | Float32Array | Int32Array;
}

/** Of lists in lists. */
const MOST_AXES = 8;
const ARRAYS = ['.npy', '.json'];
const IMAGES = ['.png', '.jpg', '.jpeg', '.webp'];

/**
 * @param shape of one sample, as the model wants it
 * @param fit how images are brought to it
 * @param type of the samples that the model was trained on, where that is known
 * @throws SHOAL_DATA_MISSING, SHOAL_DATA_FORMAT, SHOAL_SHAPE and the like, naming the file
 */
export async function readSamples(path: string, shape: readonly number[], fit: Fit, type?: Dtype): Promise<Samples> {
  const ending = extname(path).toLowerCase();
  if (![...ARRAYS, ...IMAGES].includes(ending)) {
    throw new ShoalError({
      code: 'SHOAL_DATA_FORMAT',
      operation: `read ${path}`,
      got: ending === '' ? 'a name without an ending' : `the ending ${ending}`,
      expected: `one of ${[...IMAGES, ...ARRAYS].join(', ')}`,
      hint: 'Convert the file.',
    });
  }
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_MISSING',
        operation: `read ${path}`,
        got: cause.code === 'ENOENT' ? 'no such file' : cause.message,
        expected: 'a file that can be read',
        hint: 'Check the path.',
      },
      { cause },
    );
  });
  if (IMAGES.includes(ending)) return { count: 1, data: await readImage(bytes, path, shape, fit) };
  const table = shape.length === 1 && type !== undefined && type !== 'u8';
  const array = ending === '.npy' ? parseNpy(bytes, path) : parseJsonArray(bytes.toString('utf8'), path, !table);
  const count = countSamples(array.shape, shape, path);
  return { count, data: type === 'u8' && array.data instanceof Int32Array ? pixelsOf(array.data, path) : array.data };
}

/** Whole numbers as the pixels that they are. */
function pixelsOf(numbers: Int32Array, path: string): Uint8Array {
  const other = numbers.find((n) => n < 0 || n > 255);
  if (other === undefined) return Uint8Array.from(numbers);
  throw new ShoalError({
    code: 'SHOAL_DATA_FORMAT',
    operation: `read ${path}`,
    got: `the whole number ${other}`,
    expected: 'pixels from 0 to 255',
    hint: 'Save array.astype("float32") for brightness from 0 to 1.',
  });
}

/** How many samples an array holds: one, or as many as its first axis has. A last axis of one channel may be left out. */
function countSamples(array: readonly number[], sample: readonly number[], path: string): number {
  const forms = sample.at(-1) === 1 ? [sample, sample.slice(0, -1)] : [sample];
  for (const form of forms) {
    if (String(array) === String(form)) return 1;
    if (array.length === form.length + 1 && array[0]! > 0 && String(array.slice(1)) === String(form)) return array[0]!;
  }
  if (array.length === 1 && array[0] === elements(sample)) return 1;
  throw new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: `read ${path}`,
    got: `an array of shape ${shapeText(array)}`,
    expected: `${shapeText(sample)}, or (n, ${sample.join(', ')}) for n samples`,
    hint: "That is the shape of the model's input.",
  });
}

/** Nested lists of numbers. Where they may be pixels, whole numbers from 0 to 255 alone are bytes; anything else is f32. */
function parseJsonArray(
  text: string,
  path: string,
  mayBePixels: boolean,
): { shape: readonly number[]; data: Uint8Array | Float32Array } {
  const wrong = (got: string, expected: string, cause?: unknown) =>
    new ShoalError(
      {
        code: 'SHOAL_DATA_FORMAT',
        operation: `read ${path}`,
        got,
        expected,
        hint: 'Write lists of numbers: [[0, 255], [17, 3]].',
      },
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong((cause as Error).message, 'JSON', cause);
  }
  const shape: number[] = [];
  for (let at: unknown = json; Array.isArray(at) && shape.length <= MOST_AXES; at = at[0]) shape.push(at.length);
  const flat = (shape.length > 0 && shape.length <= MOST_AXES ? (json as unknown[]).flat(MOST_AXES) : []) as unknown[];
  const even = (at: unknown, depth: number): boolean =>
    depth === shape.length
      ? typeof at === 'number'
      : Array.isArray(at) && at.length === shape[depth] && at.every((inner) => even(inner, depth + 1));
  if (flat.length === 0 || !even(json, 0))
    throw wrong('something else', 'lists of numbers, all of one length at each depth');
  const numbers = flat as number[];
  const pixels = mayBePixels && numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 255);
  return { shape, data: pixels ? Uint8Array.from(numbers) : Float32Array.from(numbers) };
}
