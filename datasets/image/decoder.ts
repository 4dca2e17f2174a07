// decoder.ts: what decodes: sharp's version, and a hash of the pixels that it makes of a reference picture. Not the decoding: decode.ts.
import { createHash } from 'node:crypto';
import { draws, seedWords } from '../../base/random.ts';
import { decodeImage, type Recipe } from './decode.ts';
import { loadSharp } from './sharp.ts';

/** Of the reference picture: larger than blocks of JPEG, and no multiple of them. */
const [WIDTH, HEIGHT] = [150, 100];

/**
 * Where images are decoded in training, this decides bits as kernels do: versions differ, and so do kinds of processors.
 * @returns as in "sharp 0.35.5, libvips 8.18.0, pixels 5c0ffee00000"
 * @throws SHOAL_OPTIONAL_PACKAGE
 */
export async function describeDecoder(recipe: Recipe): Promise<string> {
  const sharp = await loadSharp('decode images');
  const word = draws(seedWords(1), 0, 0, 0);
  // smooth in one direction, edges in the other, noise: what decoders round
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % WIDTH, Math.floor(i / (3 * WIDTH))];
    return (x + (y % 16 < 8 ? 90 : 0) + (word(i) & 15)) & 255;
  });
  const picture = sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  const { data: jpeg } = await picture.jpeg({ quality: 90 }).toBuffer({ resolveWithObject: true });
  const { data } = await decodeImage(jpeg, 'the reference picture', { ...recipe, crop: null });
  const hash = createHash('sha256').update(data).digest('hex');
  const { sharp: version, vips } = sharp.versions;
  return `sharp ${version}, libvips ${vips}, pixels ${hash.slice(0, 12)}`;
}
