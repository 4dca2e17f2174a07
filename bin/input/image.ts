// image.ts: an image file as pixels of a given size, as the job's dataset brings its images to a size. Decoding is datasets/image/.
import { ShoalError } from '../../base/errors.ts';
import { decodeImage, type Fit } from '../../datasets/image/decode.ts';
import { readManifest } from '../../datasets/prepare/manifest.ts';
import type { Job } from '../../trainer/job.ts';
import { shapeText } from '../../trainer/layers/common.ts';

/** How the images of a job were brought to their size: by its reader, or when they were prepared. Else the middle is cut out. */
export function fitOf({ data }: Pick<Job, 'data'>): Fit {
  const { fit, path } = data as { fit?: Fit; path?: string };
  if (fit !== undefined || path === undefined || data.reader !== 'webdataset') return fit ?? 'cover';
  const resize = readManifest(path)?.manifest.job.transform.resize;
  return resize && 'fit' in resize ? resize.fit : 'cover';
}

/**
 * Decodes, resizes to the model's rows and columns, and turns to grey where it wants one channel.
 * @returns rows x columns x channels
 * @throws SHOAL_OPTIONAL_PACKAGE without sharp, SHOAL_DATA_* as decodeImage, SHOAL_SHAPE if the model takes no images
 */
export async function readImage(
  bytes: Uint8Array,
  path: string,
  shape: readonly number[],
  fit: Fit,
): Promise<Uint8Array> {
  const [rows, columns, channels] = shape as [number, number, number];
  if (shape.length === 3 && (channels === 1 || channels === 3))
    return (await decodeImage(bytes, path, { resize: { rows, columns, fit }, crop: null, channels })).data;
  throw new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: `read ${path}`,
    got: 'an image',
    expected: `an array of shape ${shapeText(shape)}`,
    hint: 'This model does not take images of one or three channels: give a .npy or .json file.',
  });
}
