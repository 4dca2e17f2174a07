// sample.ts: one sample of a preparation: read, decoded, transformed, encoded again, measured. It writes no file.
import { ShoalError } from '../../base/errors.ts';
import { contentHash } from '../content-hash.ts';
import { writeNpy } from '../formats/npy-write.ts';
import { decodeImage, formatOf, type Pixels } from '../image/decode.ts';
import { loadSharp } from '../image/sharp.ts';
import type { Size } from '../image/size-of.ts';
import type { Content, Entry } from '../source.ts';
import type { PrepareJob } from './job.ts';
import { type Moments, momentsOf, NO_MOMENTS } from './moments.ts';
import { differenceHash } from './perceptual.ts';
import type { PreparedPlaces } from './places.ts';

/** What is kept of a sample. */
export interface Prepared {
  /** The contents' file, by its ending: jpg, png, webp, npy, txt. */
  readonly ending: string;
  readonly bytes: Uint8Array;
  /** Of the array, or of the decoded image; null for text. */
  readonly shape: readonly number[] | null;
  readonly dtype: 'u8' | 'f32' | 'i32' | null;
  /** Of pixels or numbers, for mean and deviation. */
  readonly moments: Moments;
  readonly hash: string | null;
  /** SHA-256 of what the source holds. */
  readonly sha256: string;
  /** What nobody else reads: its memory can be given back once the sample is written. */
  readonly own: readonly Uint8Array[];
  /** The size of the source's image where decoding has told it, turned as its EXIF says. */
  readonly source?: Size | null;
  /** Boxes or a mask beside the image; absent where the source has none. */
  readonly places?: PreparedPlaces;
}

/** @throws {ShoalError} SHOAL_DATA_* for a sample that cannot be used */
export async function prepareSample(entry: Entry, content: Content, job: PrepareJob): Promise<Prepared> {
  if (content.kind === 'text') {
    const bytes = new TextEncoder().encode(content.text);
    return { ending: 'txt', bytes, shape: null, dtype: null, ...plain(content) };
  }
  if (content.kind === 'array') {
    const { shape, data } = content;
    checkFinite(entry, data);
    const dtype = data instanceof Uint8Array ? 'u8' : data instanceof Int32Array ? 'i32' : 'f32';
    if (data instanceof Uint8Array && shape.length === 3 && (shape[2] === 1 || shape[2] === 3) && changesImages(job)) {
      // pixels take the way of an image file: a PNG loses nothing
      const [rows, columns, channels] = shape as [number, number, number];
      const bytes = await encodeImage({ data, rows, columns, channels }, 'png', 0);
      return { ...(await prepareSample(entry, { kind: 'image', bytes }, job)), sha256: contentHash(content) };
    }
    const moments = dtype === 'i32' ? NO_MOMENTS : momentsOf(data, shape.at(-1) ?? 1); // ids have no mean
    return { ending: 'npy', bytes: writeNpy(shape, data), shape, dtype, ...plain(content), moments };
  }
  const { transform, encode, quality } = job;
  const pixels = await decodeImage(content.bytes, entry.key, transform);
  const shape = [pixels.rows, pixels.columns, pixels.channels];
  const about = () => ({
    shape,
    dtype: 'u8' as const,
    moments: momentsOf(pixels.data, pixels.channels),
    hash: differenceHash(pixels),
    sha256: contentHash(content),
    own: [pixels.data],
    source: pixels.source,
  });
  if (encode === 'raw') return { ending: 'npy', bytes: writeNpy(shape, pixels.data), ...about() };
  const from = formatOf(content.bytes)!;
  const untouched = transform.resize === null && transform.crop === null && transform.channels === 3;
  if (encode === 'auto' && untouched) return { ending: from, bytes: content.bytes, ...about() };
  const ending = encode === 'auto' ? (from === 'jpg' ? 'jpg' : 'png') : encode;
  const encoding = encodeImage(pixels, ending, quality);
  const measured = about(); // while sharp's thread encodes
  const bytes = await encoding;
  return { ending, bytes, ...measured, own: [...measured.own, bytes] };
}

/** A row of ids. */
export const prepareRow = (row: Int32Array): Prepared => {
  const shape = [row.length];
  const content = { kind: 'array', shape, data: row } as const;
  return { ending: 'npy', bytes: writeNpy(shape, row), shape, dtype: 'i32', ...plain(content) };
};

/** Of what is no image, and has no mean. */
const plain = (content: Content) => ({ moments: NO_MOMENTS, hash: null, sha256: contentHash(content), own: [] });

const changesImages = ({ transform, encode }: PrepareJob): boolean =>
  transform.resize !== null || transform.crop !== null || (encode !== 'auto' && encode !== 'raw');

async function encodeImage(pixels: Pixels, ending: 'jpg' | 'png' | 'webp', quality: number): Promise<Uint8Array> {
  const { rows: height, columns: width, channels } = pixels;
  const sharp = await loadSharp('encode an image');
  const opened = sharp(pixels.data, { raw: { width, height, channels } }).toColourspace(
    channels === 1 ? 'b-w' : 'srgb',
  );
  const pipeline =
    ending === 'jpg'
      ? opened.jpeg({ quality })
      : ending === 'png'
        ? opened.png({ compressionLevel: 6 })
        : opened.webp({ quality });
  return (await pipeline.toBuffer({ resolveWithObject: true })).data;
}

function checkFinite({ key }: Entry, data: Uint8Array | Float32Array | Int32Array): void {
  if (!(data instanceof Float32Array) || data.every(Number.isFinite)) return;
  throw new ShoalError({
    code: 'SHOAL_DATA_CORRUPT',
    operation: `read ${key}`,
    got: 'a number that is missing, NaN or infinite',
    expected: 'finite numbers',
    hint: 'Fill it in, or leave the sample out.',
  });
}
