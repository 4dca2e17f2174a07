// image.ts: an image file as pixels of a given size, by sharp, which is optional. No decoder of our own.
import { ShoalError } from '../../base/errors.ts';
import { findPackage } from '../../datasets/optional-package.ts';
import { shapeText } from '../../trainer/layers/common.ts';

/** What we use of sharp. */
interface Sharp {
  removeAlpha(): Sharp;
  resize(width: number, height: number, options: { fit: 'fill' }): Sharp;
  toColourspace(space: 'b-w' | 'srgb'): Sharp;
  raw(): Sharp;
  toBuffer(options: { resolveWithObject: true }): Promise<{ data: Uint8Array; info: { channels: number } }>;
}

/**
 * Decodes, resizes to the model's rows and columns, and turns to grey where it wants one channel.
 * @returns rows x columns x channels
 * @throws SHOAL_OPTIONAL_PACKAGE without sharp, SHOAL_DATA_CORRUPT, SHOAL_SHAPE if the model takes no images
 */
export async function readImage(bytes: Uint8Array, path: string, shape: readonly number[]): Promise<Uint8Array> {
  const operation = `read ${path}`;
  const [rows, columns, channels] = shape as [number, number, number];
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new ShoalError({
      code: 'SHOAL_SHAPE',
      operation,
      got: 'an image',
      expected: `an array of shape ${shapeText(shape)}`,
      hint: 'This model does not take images of one or three channels: give a .npy or .json file.',
    });
  }
  const sharp = await loadSharp(operation);
  try {
    const { data } = await sharp(bytes)
      .removeAlpha()
      .resize(columns, rows, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return new Uint8Array(data);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    const problem = {
      code: 'SHOAL_DATA_CORRUPT',
      operation,
      got,
      expected: 'an image',
      hint: 'Check the file.',
    } as const;
    throw new ShoalError(problem, { cause });
  }
}

async function loadSharp(operation: string): Promise<(bytes: Uint8Array) => Sharp> {
  const found = findPackage('sharp');
  if (found !== null) return ((await import(found)) as { default: (bytes: Uint8Array) => Sharp }).default;
  throw new ShoalError({
    code: 'SHOAL_OPTIONAL_PACKAGE',
    operation,
    got: 'no package "sharp", which decodes images',
    expected: `it beside shoal or in ${process.cwd()}`,
    hint: 'Install it: npm install sharp. Or give the pixels as a .npy or .json file.',
  });
}
