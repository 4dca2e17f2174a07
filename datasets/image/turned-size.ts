// turned-size.ts: an image's size once turned as its EXIF says, from its header, by sharp. Its pixels: decode.ts; a hint without sharp: size-of.ts.
import { loadSharp } from './sharp.ts';
import type { Size } from './size-of.ts';

/** @param bytes of an image that can be decoded. @throws SHOAL_OPTIONAL_PACKAGE without sharp */
export async function turnedSize(bytes: Uint8Array): Promise<Size> {
  const sharp = await loadSharp('measure an image');
  const { width, height } = (await sharp(bytes).metadata()).autoOrient;
  return { rows: height, columns: width };
}
