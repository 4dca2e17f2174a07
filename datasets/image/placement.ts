// placement.ts: where a recipe puts the pixels of an image: what masks and boxes must follow. It touches no pixel.
import type { Recipe } from './decode.ts';

/** A point (x, y) of the image comes to (x scaleX - left, y scaleY - top). */
export interface Placement {
  readonly rows: number;
  readonly columns: number;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly left: number;
  readonly top: number;
}

/** Of an image of so many rows and columns; by sharp's arithmetic. */
export function placementOf({ resize, crop }: Omit<Recipe, 'channels'>, rows: number, columns: number): Placement {
  const sized = resize === null ? asIs(rows, columns) : resized(resize, rows, columns);
  if (crop === null) return sized;
  const [top, left] = [(sized.rows - crop.rows) >> 1, (sized.columns - crop.columns) >> 1];
  return { ...sized, ...crop, left: sized.left + left, top: sized.top + top };
}

const asIs = (rows: number, columns: number): Placement => ({ rows, columns, scaleX: 1, scaleY: 1, left: 0, top: 0 });

function resized(resize: NonNullable<Recipe['resize']>, rows: number, columns: number): Placement {
  if ('shorter' in resize) {
    const scale = resize.shorter / Math.min(rows, columns);
    const [r, c] = [atLeastOne(rows * scale), atLeastOne(columns * scale)];
    return { rows: r, columns: c, scaleX: c / columns, scaleY: r / rows, left: 0, top: 0 };
  }
  const { rows: R, columns: C, fit } = resize;
  if (fit === 'fill') return { rows: R, columns: C, scaleX: C / columns, scaleY: R / rows, left: 0, top: 0 };
  const [down, along] = [R / rows, C / columns];
  const scale = fit === 'cover' ? Math.max(down, along) : Math.min(down, along);
  const [r, c] = [atLeastOne(rows * scale), atLeastOne(columns * scale)];
  // cut out of the middle, or put into it
  const off = (inner: number, outer: number) =>
    fit === 'cover' ? Math.floor((inner - outer + 1) / 2) : -Math.floor((outer - inner) / 2);
  return { rows: R, columns: C, scaleX: c / columns, scaleY: r / rows, left: off(c, C), top: off(r, R) };
}

const atLeastOne = (length: number): number => Math.max(1, Math.round(length));
