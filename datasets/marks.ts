// marks.ts: boxes and masks drawn on pictures of a contact sheet: a colour for each class. It decodes no image.
import type { Pixels } from './image/decode.ts';
import type { Boxes, Mask } from './source.ts';

/** Red, green, blue of a class: hues that are far apart for neighbours, by the golden angle. */
export function colourOf(label: number): readonly [number, number, number] {
  const hue = (label * 137.508) % 360;
  const channel = (shift: number): number => {
    const at = (shift + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.45 * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

export const cssColour = (label: number): string => `rgb(${colourOf(label).join(' ')})`;

/** The picture with half of each pixel's colour from its class; as it is where nothing is known. A mask of another size is not drawn. */
export function tinted(picture: Pixels, { rows, columns, label }: Mask): Pixels {
  if (rows !== picture.rows || columns !== picture.columns) return picture;
  const data = new Uint8Array(rows * columns * 3);
  for (let i = 0; i < label.length; i++) {
    const colour = label[i]! < 0 ? null : colourOf(label[i]!);
    for (let channel = 0; channel < 3; channel++) {
      const own = picture.data[picture.channels * i + (picture.channels === 3 ? channel : 0)]!;
      data[3 * i + channel] = colour === null ? own : (own + colour[channel]!) >> 1;
    }
  }
  return { data, rows, columns, channels: 3 };
}

/** Frames over a picture of any size that shows the whole image; `nameOf` a class, escaped. */
export function framesOf({ rows, columns, boxes, labels }: Boxes, nameOf: (label: number) => string): string {
  const frames = boxes.map(([x, y, width, height], i) => {
    const title = `<title>${nameOf(labels[i]!)}</title>`;
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" stroke="${cssColour(labels[i]!)}">${title}</rect>`;
  });
  return `<svg viewBox="0 0 ${columns} ${rows}">${frames.join('')}</svg>`;
}
