// crop.ts: a part of one size, from a random place (by choice with a border around the image first), or from the middle.
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { augmentation, fillOption, middle, type Size, sizeOption } from './kind.ts';
import { type Box, bytesOf, cropWith, type Fill, type Picture } from './picture.ts';

const border = z.int().nonnegative().max(4096);
type Borders = readonly [left: number, top: number, right: number, bottom: number];
/** One for all sides, [left and right, top and bottom], or [left, top, right, bottom]. */
const padding = z
  .union([border, z.tuple([border, border]), z.tuple([border, border, border, border])], 'one, two or four numbers')
  .default(0)
  .transform((value): Borders => {
    const [left, top = left, right = left, bottom = top] = typeof value === 'number' ? [value] : value;
    return [left!, top!, right!, bottom!];
  });

type Mode = 'constant' | 'edge' | 'reflect' | 'symmetric';

export const randomCrop = augmentation({
  config: {
    size: sizeOption,
    padding,
    fill: fillOption,
    padding_mode: z.enum(['constant', 'edge', 'reflect', 'symmetric']).default('constant'),
  },
  size: ({ size, padding: [left, top, right, bottom] }, [rows, columns]) =>
    within('RandomCrop', size, [rows + top + bottom, columns + left + right]),
  train({ size: [rows, columns], padding: [left, top, right, bottom], fill, padding_mode }, picture, chance) {
    const down = chance.integer(picture.rows + top + bottom - rows + 1) - top;
    const along = chance.integer(picture.columns + left + right - columns + 1) - left;
    cutOut(picture, { top: down, left: along, rows, columns }, padding_mode, fill);
  },
  heldOut({ size: [rows, columns], fill, padding_mode }, picture) {
    cutOut(picture, middle(picture, rows, columns), padding_mode, fill);
  },
});

const fromMiddle = ({ size: [rows, columns] }: { readonly size: Size }, picture: Picture): void =>
  cropWith(picture, middle(picture, rows, columns), (place) => place);

export const centerCrop = augmentation({
  config: { size: sizeOption },
  size: ({ size }, before) => within('CenterCrop', size, before),
  train: fromMiddle,
  heldOut: fromMiddle,
});

/** A box that may reach beyond the picture. */
function cutOut(picture: Picture, box: Box, mode: Mode, fill: Fill): void {
  const { rows, columns, channels } = picture;
  cropWith(picture, box, (place, size) => foldOf(mode, place, size));
  if (mode !== 'constant') return;
  const paint = bytesOf(fill, channels);
  const bytes = picture.bytes();
  for (let i = 0; i < bytes.length; i += channels) {
    const row = box.top + Math.floor(i / (box.columns * channels));
    const column = box.left + ((i / channels) % box.columns);
    if (row < 0 || row >= rows || column < 0 || column >= columns) bytes.set(paint, i);
  }
}

/** Where a place beyond the ends is taken from. For `constant` it does not matter: it is painted over. */
function foldOf(mode: Mode, place: number, size: number): number {
  const inside = Math.min(Math.max(place, 0), size - 1);
  if (inside === place || mode === 'constant' || mode === 'edge') return inside;
  const period = mode === 'reflect' ? Math.max(1, 2 * size - 2) : 2 * size;
  const at = ((place % period) + period) % period;
  return at < size ? at : mode === 'reflect' ? period - at : period - 1 - at;
}

/** @throws SHOAL_SHAPE */
function within(name: string, size: Size, before: Size): Size {
  if (size[0] <= before[0] && size[1] <= before[1]) return size;
  throw new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: `augment by ${name}`,
    got: `images of ${before.join(' x ')}, padding included`,
    expected: `at least ${size.join(' x ')}, its size`,
    hint: 'Lower size, or raise padding.',
  });
}
