// cut-out.ts: a rectangle of an image, or the image within a larger one. It changes no pixel's value: resample.ts does.
import type { Pixels } from './decode.ts';

/** In pixels of the image; it may reach beyond it. */
export interface Rectangle {
  readonly rows: number;
  readonly columns: number;
  readonly top: number;
  readonly left: number;
}

/** @param beyond the byte of what lies outside the image */
export function cutOut(image: Pixels, { rows, columns, top, left }: Rectangle, beyond: number): Pixels {
  if (top === 0 && left === 0 && rows === image.rows && columns === image.columns) return image;
  const { channels } = image;
  const data = new Uint8Array(rows * columns * channels).fill(beyond);
  const [first, last] = [Math.max(0, left), Math.min(image.columns, left + columns)];
  for (let row = Math.max(0, -top); row < Math.min(rows, image.rows - top); row++) {
    const line = image.data.subarray(...[first, last].map((at) => ((top + row) * image.columns + at) * channels));
    data.set(line, (row * columns + first - left) * channels);
  }
  return { data, rows, columns, channels };
}
