// images.ts: folders of small images for tests, made by sharp: what is in them follows from their names. Not a test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** rows x columns x 3 pixels: a hue by class, a brightness by sample, a gradient. */
export function pixels(label: number, sample: number, rows = 12, columns = 16): Uint8Array {
  const data = new Uint8Array(rows * columns * 3);
  for (let i = 0; i < rows * columns; i++) {
    const shade = 40 + ((sample * 37 + i * 3) % 120);
    for (let channel = 0; channel < 3; channel++) data[3 * i + channel] = shade + (channel === label % 3 ? 90 : 0);
  }
  return data;
}

export const encoded = (
  format: 'png' | 'jpeg',
  label: number,
  sample: number,
  rows = 12,
  columns = 16,
): Promise<Buffer> =>
  sharp(pixels(label, sample, rows, columns), { raw: { width: columns, height: rows, channels: 3 } })
    .toFormat(format)
    .toBuffer();

export function write(root: string, path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

/** <prefix><class>/<sample>.png and .jpg by turns; classes a, b, c. */
export async function writeImages(root: string, perClass: number, prefix = '', first = 0): Promise<void> {
  for (const [label, name] of ['a', 'b', 'c'].entries())
    for (let sample = first; sample < first + perClass; sample++) {
      const format = sample % 2 === 0 ? 'png' : 'jpeg';
      write(
        root,
        `${prefix}${name}/${sample}.${format === 'png' ? 'png' : 'jpg'}`,
        await encoded(format, label, sample),
      );
    }
}
