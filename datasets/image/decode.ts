// decode.ts: an image file as pixels, resized by a recipe: decoded by sharp, resized by it or by our kernels. No decoder of our own; what is random: train-time transforms.
import { ShoalError } from '../../base/errors.ts';
import { cutOut } from './cut-out.ts';
import { placementOf } from './placement.ts';
import { release } from './release.ts';
import { resample } from './resample.ts';
import { loadSharp, type SharpPipeline } from './sharp.ts';
import { type Size, sizeOf } from './size-of.ts';

/** How an image fills the rows and columns that it must have: cut, with borders, or stretched. */
export type Fit = 'cover' | 'contain' | 'fill';

/** What is done to each image, in this order. */
export interface Recipe {
  /** To rows x columns; or the shorter side to a length, the ratio kept; or not at all. */
  readonly resize:
    | { readonly rows: number; readonly columns: number; readonly fit: Fit }
    | { readonly shorter: number }
    | null;
  /** The middle of so many rows and columns. */
  readonly crop: { readonly rows: number; readonly columns: number } | null;
  readonly channels: 1 | 3;
}

export interface Pixels {
  /** (rows, columns, channels) */
  readonly data: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

/** An image as a recipe wants it. */
export interface Decoded extends Pixels {
  /** Its own size, turned as its EXIF says; null where sharp reduced it while it decoded it, and does not tell: turned-size.ts. */
  readonly source: Size | null;
}

/** Larger images are refused unread: a small file can hold a huge one. */
export const MAX_PIXELS = 2 ** 27;
/** Behind transparent pixels, and around images that are put into a frame. */
const [BACKGROUND, WHITE] = ['#ffffff', 255];

/**
 * Decodes, turns as EXIF says, puts on white where transparent, resizes, crops. The bits depend on sharp's version and the processor.
 * @throws SHOAL_OPTIONAL_PACKAGE without sharp, SHOAL_DATA_TRUNCATED, _FORMAT, _CORRUPT, _BOMB
 */
export async function decodeImage(bytes: Uint8Array, origin: string, recipe: Recipe): Promise<Decoded> {
  const operation = `read ${origin}`;
  const problem = (code: `SHOAL_${string}`, got: string, expected: string, hint: string, cause?: unknown) =>
    new ShoalError({ code, operation, got, expected, hint }, { cause });
  if (bytes.length === 0) throw problem('SHOAL_DATA_TRUNCATED', 'zero bytes', 'an image', 'Fetch the file again.');
  if (formatOf(bytes) === null) {
    const expected = 'JPEG, PNG, WebP, GIF, TIFF or AVIF';
    throw problem('SHOAL_DATA_FORMAT', 'no image, by its first bytes', expected, 'Remove the file, or convert it.');
  }
  const sharp = await loadSharp(operation);
  const inSharp = resizesInSharp(bytes, recipe);
  let image: Pixels;
  try {
    const opened = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    const turned = opened.autoOrient();
    // a JPEG has nothing transparent, and to ask for it costs a pass over its pixels
    const opaque = formatOf(bytes) === 'jpg' ? turned : turned.flatten({ background: BACKGROUND });
    const coloured = opaque.toColourspace(recipe.channels === 1 ? 'b-w' : 'srgb');
    const pipeline = inSharp ? resized(coloured, recipe.resize!) : coloured;
    const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
    image = { data, rows: info.height, columns: info.width, channels: info.channels };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (/pixel limit/.test(text)) {
      const got = 'more pixels than allowed';
      throw problem('SHOAL_DATA_BOMB', got, `at most ${MAX_PIXELS} pixels`, 'Is it a decompression bomb?', cause);
    }
    const cut = /premature|truncat|end of|read error|eof|short/i.test(text);
    const got = cut ? 'an image that ends early' : `a damaged image: ${text.split('\n', 1)[0]}`;
    throw problem(cut ? 'SHOAL_DATA_TRUNCATED' : 'SHOAL_DATA_CORRUPT', got, 'a whole image', 'Check the file.', cause);
  }
  const { rows, columns } = image;
  if (inSharp) return { ...placed(image, { resize: null, crop: recipe.crop }, operation), source: null };
  return { ...placed(image, recipe, operation), source: { rows, columns } };
}

/**
 * From so many times the size on, sharp reduces images while it decodes them, which is several times faster; below, it decodes them
 * whole, and our kernels resize them faster than it does, to the same bytes everywhere.
 */
const REDUCED = 3;

/** Whether sharp is to resize it: where it is much larger, or how large is not known. */
function resizesInSharp(bytes: Uint8Array, { resize }: Recipe): boolean {
  if (resize === null) return false;
  const size = sizeOf(bytes);
  if (size === null) return true;
  const { scaleX, scaleY } = placementOf({ resize, crop: null }, size.rows, size.columns);
  return Math.min(1 / scaleX, 1 / scaleY) >= REDUCED;
}

/** The same filter as in resample.ts; sharp's arithmetic. */
function resized(pipeline: SharpPipeline, resize: NonNullable<Recipe['resize']>): SharpPipeline {
  const kernel = 'linear';
  if ('shorter' in resize)
    return pipeline.resize({ width: resize.shorter, height: resize.shorter, fit: 'outside', kernel });
  const { rows: height, columns: width, fit } = resize;
  return pipeline.resize({ width, height, fit, background: BACKGROUND, kernel });
}

/** The image where the recipe wants it. */
function placed(image: Pixels, recipe: Omit<Recipe, 'channels'>, operation: string): Pixels {
  const { crop, resize } = recipe;
  const whole = placementOf({ resize, crop: null }, image.rows, image.columns);
  if (crop !== null && (crop.rows > whole.rows || crop.columns > whole.columns)) {
    throw new ShoalError({
      code: 'SHOAL_DATA_FIELD',
      operation,
      got: 'an image smaller than the crop',
      expected: `at least ${crop.rows} x ${crop.columns}`,
      hint: 'Resize before cropping.',
    });
  }
  const [rows, columns] = [Math.round(whole.scaleY * image.rows), Math.round(whole.scaleX * image.columns)];
  if (rows * columns > MAX_PIXELS) {
    throw new ShoalError({
      code: 'SHOAL_DATA_BOMB',
      operation,
      got: 'a strip that would be resized to more pixels than allowed',
      expected: `at most ${MAX_PIXELS} pixels`,
      hint: 'Leave it out, or resize to rows and columns.',
    });
  }
  const sized = resample(image, rows, columns);
  const cut = cutOut(sized, placementOf(recipe, image.rows, image.columns), WHITE);
  for (const data of new Set([image.data, sized.data])) if (data !== cut.data) release(data);
  return cut;
}

export type ImageFormat = 'jpg' | 'png' | 'gif' | 'webp' | 'tif' | 'avif';

/** By the first bytes; names lie. Formats that can run programs or read files (SVG, PDF) are not among them. */
export function formatOf(bytes: Uint8Array): ImageFormat | null {
  const starts = (at: number, ...values: number[]) => values.every((value, i) => bytes[at + i] === value);
  if (starts(0, 0xff, 0xd8, 0xff)) return 'jpg';
  if (starts(0, 0x89, 0x50, 0x4e, 0x47)) return 'png';
  if (starts(0, 0x47, 0x49, 0x46, 0x38)) return 'gif';
  if (starts(0, 0x52, 0x49, 0x46, 0x46) && starts(8, 0x57, 0x45, 0x42, 0x50)) return 'webp';
  if (starts(0, 0x49, 0x49, 0x2a, 0) || starts(0, 0x4d, 0x4d, 0, 0x2a)) return 'tif';
  if (starts(4, 0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69)) return 'avif';
  return null;
}
